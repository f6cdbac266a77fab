// SPDX-License-Identifier: Apache-2.0

import Faults
import Media
import MediaService
import Testing
import Timebase

/// The format that a request asks for.
@Suite(.timeLimit(.minutes(1))) struct RequestedFormatTests {
    @Test func `absent values are those of a 1080p film at 30 frames per second`() throws {
        let format = try VideoFormat(width: nil, height: nil, fps: nil)
        #expect(format.width == 1920 && format.height == 1080 && format.rate == FrameRate(30))
    }

    @Test func `decimal rates stand for exact fractions`() throws {
        let format = try VideoFormat(width: 640, height: 360, fps: 29.97)
        #expect(format.width == 640 && format.height == 360 && format.rate == FrameRate(30_000, 1001))
    }

    @Test(arguments: [0, -30, 31, 1000, .nan, .infinity] as [Double])
    func `an unusual frame rate is rejected at its pointer`(_ fps: Double) {
        let error = #expect(throws: ServiceError.self) { try VideoFormat(width: nil, height: nil, fps: fps) }
        #expect(error?.kind == .invalidParams && error?.detail == "/fps")
        #expect(error?.message.hasPrefix("/fps: expected ") == true)
    }

    @Test(arguments: [(101, 100), (100, 101), (62, 100), (100, 4098), (0, 0), (-2, 100)])
    func `an odd size or one out of bounds is rejected at its pointer`(_ width: Int, _ height: Int) {
        let error = #expect(throws: ServiceError.self) { try VideoFormat(width: width, height: height, fps: 30) }
        #expect(error?.kind == .invalidParams && error?.detail == "/width")
        #expect(error?.message.contains("\(width)x\(height)") == true)
    }
}
