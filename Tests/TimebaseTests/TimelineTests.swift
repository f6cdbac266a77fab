import Testing
import Timebase

@Suite(.timeLimit(.minutes(1))) struct TimelineTests {
    @Test(
        "boundaries are frames of the whole",
        arguments: [
            ([0.35, 0.35, 0.35, 0.35], FrameRate(30), [11, 10, 10, 11]),
            ([15, 15, 15, 15], FrameRate(30), [450, 450, 450, 450]),
            ([1, 1, 1, 1, 1], FrameRate(30_000, 1001), [30, 30, 30, 30, 30]),
            ([0.1, 0.1, 0.1, 0.1, 0.1], FrameRate(24_000, 1001), [2, 3, 2, 3, 2]),
            ([0, 0.001, 0.001], FrameRate(24), [1, 1, 1]),
            ([], FrameRate(25), []),
        ])
    func table(_ durations: [Double], _ rate: FrameRate, _ frames: [Int]) {
        #expect(Timeline.frames(durations, at: rate) == frames)
    }

    @Test("rounding never adds up: each boundary is within half a frame of its place", arguments: FrameRate.standard)
    func cumulative(_ rate: FrameRate) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        for _ in 0..<20 {
            var line = Timeline(rate: rate)
            var seconds = 0.0
            for _ in 0..<2000 {
                let duration = Double.random(in: 0.1...20, using: &random)
                seconds += duration
                let before = line.end
                let range = line.append(seconds: duration)
                #expect(range == before..<line.end)
                #expect(abs(Double(line.end) - seconds * rate.framesPerSecond) <= 0.5 + 1e-6, "seed \(seed)")
            }
        }
        let thirds = Timeline.frames(Array(repeating: 1.0 / 3, count: 3003), at: rate)
        #expect(thirds.reduce(0, +) == rate.frames(1001))
    }

    @Test("samples and frames of the same parts stay together", arguments: FrameRate.standard)
    func pictureAndSound(_ rate: FrameRate) {
        let seed = UInt64.random(in: 0...UInt64.max)
        var random = SplitMix(state: seed)
        var (pictures, sound) = (Timeline(rate: rate), Timeline(rate: SampleRate(48_000)))
        for _ in 0..<5000 {
            let duration = Double.random(in: 0.1...20, using: &random)
            pictures.append(seconds: duration)
            sound.append(seconds: duration)
            let apart = Double(sound.end) / 48_000 - rate.seconds(pictures.end)
            #expect(abs(apart) <= 0.5 / rate.framesPerSecond + 1.0 / 48_000, "seed \(seed)")
        }
    }

    @Test("hostile durations add nothing, and boundaries never go back")
    func hostile() {
        var line = Timeline(rate: FrameRate(30))
        #expect(line.append(seconds: 2) == 0..<60)
        for duration in [Double.nan, -1, .infinity, -.infinity, 0, -1e300] {
            #expect(line.append(seconds: duration) == 60..<60)
        }
        #expect(line.append(seconds: 1e300) == 60..<Int.max)
        #expect(line.append(seconds: 1e300) == Int.max..<Int.max)
        for _ in 0..<1000 { line.append(seconds: .greatestFiniteMagnitude) }
        #expect(line.append(seconds: 1) == Int.max..<Int.max)
        #expect(Timeline.frames([.nan, 1, -5, 1e300], at: FrameRate(25)) == [1, 25, 1, Int.max - 25])
    }
}

/// Random numbers that a seed repeats.
private struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
