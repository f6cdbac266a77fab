// SPDX-License-Identifier: Apache-2.0

import Testing
import Timebase

@Suite(.timeLimit(.minutes(1))) struct FrameRateTests {
    @Test(arguments: [
        (23.976, 24_000, 1001), (23.98, 24_000, 1001), (24, 24, 1), (25, 25, 1), (29.97, 30_000, 1001), (30, 30, 1),
        (30.000_001, 30, 1), (48, 48, 1), (50, 50, 1), (59.94, 60_000, 1001), (60, 60, 1),
    ])
    func `a decimal number maps to its exact rate`(_ decimal: Double, _ numerator: Int, _ denominator: Int) {
        #expect(FrameRate(framesPerSecond: decimal) == FrameRate(numerator, denominator))
    }

    @Test(arguments: [0, -30, 1, 12, 23.9, 29.9, 31, 1000, .nan, .infinity, -.infinity, 1e300])
    func `a number that is not a standard rate is rejected`(_ decimal: Double) {
        #expect(FrameRate(framesPerSecond: decimal) == nil)
    }

    @Test
    func `the text of the standard rates lists each of them in order`() {
        let numbers = FrameRate.standardText.replacing(" or", with: ",").split(separator: ", ").compactMap {
            Double(String($0))
        }
        #expect(numbers.compactMap(FrameRate.init(framesPerSecond:)) == FrameRate.standard)
    }

    @Test(arguments: FrameRate.standard)
    func `whole frames survive the conversion to seconds and back`(_ rate: FrameRate) {
        for frames in [0, 1, 2, 29, 30, 1001, 107_892, 5_184_000, 1_000_000_007] {
            #expect(rate.frames(rate.seconds(frames)) == frames)
            #expect(rate.frames(covering: rate.seconds(frames)) == frames)
        }
        #expect(rate.frames(covering: rate.seconds(10) + 0.5 / rate.framesPerSecond) == 11)
        #expect(rate.frames(covering: rate.seconds(10) + 0.005 / rate.framesPerSecond) == 10)
    }

    @Test(arguments: FrameRate.standard)
    func `a frame starts at the nearest sample`(_ rate: FrameRate) {
        for frame in [0, 1, 2, 3, 1000, 107_892, 5_184_000] {
            let exact = rate.seconds(frame) * 48_000
            #expect(abs(Double(rate.sample(ofFrame: frame, sampleRate: 48_000)) - exact) <= 0.5 + 1e-6)
        }
        // 1001 seconds are a whole number of frames at every rate.
        #expect(rate.sample(ofFrame: rate.frames(1001), sampleRate: 48_000) == 1001 * 48_000)
    }

    @Test
    func `other rates map to the nearest standard rate`() {
        #expect(FrameRate(30_303, 1000).nearestStandard == FrameRate(30))
        #expect(FrameRate(29_969, 1000).nearestStandard == FrameRate(30_000, 1001))
        #expect(FrameRate(1).nearestStandard == FrameRate(24_000, 1001))
        #expect(FrameRate(1000).nearestStandard == FrameRate(60))
    }

    @Test
    func `extreme numbers saturate and do not trap`() {
        let numbers = [Double.nan, .infinity, -.infinity, 1e300, -1e300, 1e19, -1e19, .leastNonzeroMagnitude, -0.0]
        let whole = [Int.min, Int.min + 1, -1, 0, 1, 48_000, Int.max - 1, Int.max]
        for numerator in whole {
            for denominator in whole {
                let rate = FrameRate(numerator, denominator)
                #expect(rate.framesPerSecond > 0 && rate.framesPerSecond.isFinite)
                #expect(FrameRate.standard.contains(rate.nearestStandard))
                for number in numbers {
                    _ = rate.frames(number)
                    _ = rate.frames(covering: number)
                    _ = rate.seconds(wholeFrames: number)
                }
                for frame in whole {
                    _ = rate.seconds(frame)
                    for sampleRate in whole { _ = rate.sample(ofFrame: frame, sampleRate: sampleRate) }
                }
            }
        }
        #expect(FrameRate(30).frames(1e300) == .max && FrameRate(30).frames(-1e300) == .min)
        #expect(FrameRate(30).frames(.nan) == 0)
        #expect(FrameRate(1, Int.max).sample(ofFrame: .max, sampleRate: .max) == .max)
        #expect(FrameRate(1, Int.max).sample(ofFrame: .min, sampleRate: .max) == .min)
    }
}
