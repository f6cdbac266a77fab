// SPDX-License-Identifier: Apache-2.0

import Faults
import ImageHeaders
import Testing

@testable import ImageGen

@Suite(.timeLimit(.minutes(1))) struct ImageCheckTests {
    /// A complete PNG file without pixels: header and end.
    private func png(_ width: UInt32, _ height: UInt32) -> [UInt8] {
        func big(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - $0 * 8)) } }
        let header = Array("IHDR".utf8) + big(width) + big(height) + [8, 2, 0, 0, 0]
        return [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A] + big(13) + header + big(0) + big(0)
            + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]
    }

    @Test
    func `an image with more pixels than can be used is corrupt`() throws {
        #expect(try ImageCheck.header(png(8000, 8000), from: "acme").width == 8000)
        for (width, height) in [(UInt32.max / 2, UInt32.max / 2), (UInt32.max, 1), (8001, 8000), (1, 64_000_001)] {
            let error = #expect(throws: ServiceError.self) {
                try ImageCheck.header(png(width, height), from: "acme")
            }
            #expect(error?.kind == .corruptMedia, "\(width)x\(height)")
        }
    }
}
