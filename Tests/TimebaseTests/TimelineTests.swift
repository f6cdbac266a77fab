// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Timebase

@Suite(.timeLimit(.minutes(1))) struct TimelineTests {
    @Test(arguments: [
        ([0.35, 0.35, 0.35, 0.35], FrameRate(30), [11, 10, 10, 11]),
        ([15, 15, 15, 15], FrameRate(30), [450, 450, 450, 450]),
        ([1, 1, 1, 1, 1], FrameRate(30_000, 1001), [30, 30, 30, 30, 30]),
        ([0.1, 0.1, 0.1, 0.1, 0.1], FrameRate(24_000, 1001), [2, 3, 2, 3, 2]),
        ([0, 0.001, 0.001], FrameRate(24), [1, 1, 1]),
        ([], FrameRate(25), []),
    ])
    func `boundaries are rounded from the cumulative duration`(
        _ durations: [Double], _ rate: FrameRate, _ frames: [Int]
    ) {
        #expect(Timeline.frames(durations, at: rate) == frames)
    }

    @Test(arguments: FrameRate.standard)
    func `rounding errors do not add up: each boundary is within half a frame of its exact time`(_ rate: FrameRate) {
        var random = SeededGenerator(for: "TimelineTests")
        for _ in 0..<20 {
            var timeline = Timeline(rate: rate)
            var seconds = 0.0
            for _ in 0..<2000 {
                let duration = Double.random(in: 0.1...20, using: &random)
                seconds += duration
                let before = timeline.end
                let range = timeline.append(seconds: duration)
                #expect(range == before..<timeline.end)
                #expect(abs(Double(timeline.end) - seconds * rate.framesPerSecond) <= 0.5 + 1e-6, "seed \(random.seed)")
            }
        }
        let thirds = Timeline.frames(Array(repeating: 1.0 / 3, count: 3003), at: rate)
        #expect(thirds.reduce(0, +) == rate.frames(1001))
    }

    @Test(arguments: FrameRate.standard)
    func `frames and samples of the same parts stay in sync`(_ rate: FrameRate) {
        var random = SeededGenerator(for: "TimelineTests")
        var (frames, samples) = (Timeline(rate: rate), Timeline(rate: SampleRate(48_000)))
        for _ in 0..<5000 {
            let duration = Double.random(in: 0.1...20, using: &random)
            frames.append(seconds: duration)
            samples.append(seconds: duration)
            let difference = Double(samples.end) / 48_000 - rate.seconds(frames.end)
            #expect(abs(difference) <= 0.5 / rate.framesPerSecond + 1.0 / 48_000, "seed \(random.seed)")
        }
    }

    @Test
    func `invalid durations add nothing, and boundaries never decrease`() {
        var timeline = Timeline(rate: FrameRate(30))
        #expect(timeline.append(seconds: 2) == 0..<60)
        for duration in [Double.nan, -1, .infinity, -.infinity, 0, -1e300] {
            #expect(timeline.append(seconds: duration) == 60..<60)
        }
        #expect(timeline.append(seconds: 1e300) == 60..<Int.max)
        #expect(timeline.append(seconds: 1e300) == Int.max..<Int.max)
        for _ in 0..<1000 { timeline.append(seconds: .greatestFiniteMagnitude) }
        #expect(timeline.append(seconds: 1) == Int.max..<Int.max)
        #expect(Timeline.frames([.nan, 1, -5, 1e300], at: FrameRate(25)) == [1, 25, 1, Int.max - 25])
    }
}
