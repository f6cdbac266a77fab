// SPDX-License-Identifier: Apache-2.0

import Testing
import Timebase

@Suite(.timeLimit(.minutes(1))) struct SampleRateTests {
    @Test(arguments: [(0, 0), (1, 48_000), (0.5, 24_000), (1e-5, 0), (1.1e-5, 1)])
    func `a time maps to the nearest sample`(_ seconds: Double, _ samples: Int) {
        #expect(SampleRate(48_000).samples(seconds) == samples)
    }

    @Test(arguments: [8000, 44_100, 48_000, 192_000])
    func `whole samples survive the conversion to seconds and back`(_ hertz: Int) {
        let rate = SampleRate(hertz)
        for samples in [0, 1, 1023, 44_099, 1_036_800_000, 12_345_678_901] {
            #expect(rate.samples(rate.seconds(samples)) == samples)
        }
    }

    @Test
    func `extreme numbers saturate and do not trap`() {
        for hertz in [Int.min, -1, 0, 1, Int.max] {
            let rate = SampleRate(hertz)
            for number in [Double.nan, .infinity, -.infinity, 1e300, -1e300] { _ = rate.samples(number) }
            for samples in [Int.min, 0, Int.max] { #expect(rate.seconds(samples).isFinite) }
        }
        #expect(SampleRate(48_000).samples(.nan) == 0 && SampleRate(48_000).samples(.infinity) == .max)
    }
}
