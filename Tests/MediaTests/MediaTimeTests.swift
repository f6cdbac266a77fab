// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct MediaTimeTests {
    private let millisecond = AVRational(num: 1, den: 1000)

    @Test
    func `sums and differences of timestamps saturate`() {
        let extremes: [Int64] = [.min, .min + 1, -(1 << 62), -1, 0, 1, 1 << 62, .max - 1, .max]
        for first in extremes {
            for second in extremes {
                let (sum, sumOverflows) = first.addingReportingOverflow(second)
                #expect(MediaTime.sum(first, second) == (sumOverflows ? (first < 0 ? .min : .max) : sum))
                let (distance, overflows) = second.subtractingReportingOverflow(first)
                #expect(
                    MediaTime.distance(from: first, to: second)
                        == (overflows ? (second < first ? .min : .max) : distance)
                )
            }
        }
    }

    @Test
    func `seconds are finite, and absent for invalid timestamps and time bases`() {
        #expect(MediaTime.seconds(1500, millisecond) == 1.5)
        #expect(MediaTime.seconds(.max, AVRational(num: .max, den: 1))?.isFinite == true)
        #expect(MediaTime.seconds(us_no_pts, millisecond) == nil)
        for base in [AVRational(num: 0, den: 0), AVRational(num: 1, den: 0), AVRational(num: -1, den: 2)] {
            #expect(MediaTime.seconds(1, base) == nil && MediaTime.ticks(1, base) == 0)
        }
        #expect(MediaTime.ticks(1.5, millisecond) == 1500)
        #expect(MediaTime.ticks(1e300, millisecond) == .max && MediaTime.ticks(-1e300, millisecond) == .min)
    }

    @Test
    func `implausible frame rates and aspect ratios are ignored`() {
        #expect(AVRational(num: 30_000, den: 1001).frameRate == FrameRate(30_000, 1001))
        for rate in [AVRational(num: 0, den: 0), AVRational(num: 1_000_000_000, den: 1), AVRational(num: -30, den: 1)] {
            #expect(rate.frameRate == nil)
        }
        #expect(AVRational(num: 4, den: 3).pixelAspect == 4.0 / 3)
        for aspect in [AVRational(num: 0, den: 1), AVRational(num: .max, den: 1), AVRational(num: 1, den: .max)] {
            #expect(aspect.pixelAspect == 1)
        }
    }

    @Test
    func `opening a file can be cancelled, and a probe beyond its bound times out`() throws {
        let bench = try Workbench()
        let tone = try bench.tone("a.wav", seconds: 1)
        #expect(fault { _ = try InputFile(tone, cancelled: { true }) }?.kind == .cancelled)
        let bound = ProbeTimeLimit(seconds: -1)
        let found = fault {
            try bound.run("a.wav", { false }) { isOver throws(MediaError) in
                if isOver() { throw MediaError(.cancelled, "cancelled") }
            }
        }
        #expect(found?.kind == .timeout && found?.message.contains("a.wav") == true)
        #expect(ProbeTimeLimit(tone, duration: 1e12).seconds < 400)
    }
}
