import Testing

@testable import Media

@Suite struct FadeTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test("a fade over clips in motion holds the last picture of one and the first of the other")
    func motion() throws {
        for (name, color) in [("a.mp4", "gray"), ("b.mp4", "gray")] {
            // The picture's brightness counts its frames.
            try bench.make(
                name, "-f", "lavfi", "-i", "color=\(color):s=320x180:r=30", "-t", "2", "-vf",
                "geq=lum='16+2*N':cb=128:cr=128", "-c:v", "libx264", "-qp", "4", "-bf", "0", "-preset", "ultrafast")
        }
        let parts = ["a.mp4", "b.mp4"].map {
            FilmPart(clip: bench.path($0), frames: 60, audio: nil, title: $0)
        }
        let report = try Film.stitch(
            parts: parts, output: bench.path("film.mp4"), format: try small(), fadeFrames: 10)
        #expect(report.frames == 120)
        let luma = try bench.luma("film.mp4")
        try #require(luma.count == 120)
        // Before the boundary the entering clip shows its first picture (16), after it the leaving one its last (134).
        for (frame, leaving, entering) in [(55, 126, 16), (59, 134, 16), (60, 134, 16), (64, 134, 24)] {
            let weight = (Double(frame - 55) + 0.5) / 10
            let wanted = Double(leaving) * (1 - weight) + Double(entering) * weight
            #expect(abs(Double(luma[frame]) - wanted) <= 4, "frame \(frame)")
        }
        #expect(abs(luma[54] - 124) <= 3 && abs(luma[65] - 26) <= 3 && abs(luma[119] - 134) <= 3)
    }

    @Test("a film faded at every boundary plays its narrations where they belong")
    func sound() throws {
        let clip = try bench.clip("w.mp4", frames: 45, of: try bench.flat("w.png", "white"), keyFramesAt: [8])
        let tone = try bench.burst("t.wav", seconds: 0.2)
        let parts = (0..<6).map { FilmPart(clip: clip, frames: 45, audio: tone, title: "\($0)") }
        let report = try Film.stitch(
            parts: parts, output: bench.path("film.mp4"), format: try small(), fadeFrames: 16)
        #expect(report.encodedFrames == 5 * 16)
        let sound = try bench.sound("film.mp4")
        for index in 0..<6 {
            let found = try #require(sound.onset(from: index * 72_000 - 2400))
            #expect(abs(found - index * 72_000) <= 240)
        }
    }

    @Test("whatever the parts, the runs cover every frame once, and every copy begins at a key frame")
    func cover() {
        var random = Repeatable(state: 7)
        for _ in 0..<300 {
            let parts = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                let available = Int.random(in: 1...100, using: &random)
                let keys = [0] + (0..<3).map { _ in Int.random(in: 0..<available, using: &random) }.sorted()
                return FilmPlan.Part(
                    frames: Int.random(in: 1...80, using: &random), available: available, keys: keys,
                    isCopyable: Int.random(in: 0..<4, using: &random) > 0)
            }
            let plan = FilmPlan(parts: parts, fades: FilmPlan.Fades(crossing: Int.random(in: 0...40, using: &random)))
            var position = 0
            for run in plan.runs {
                switch run {
                case .encode(let range):
                    #expect(range.lowerBound == position)
                    position = range.upperBound
                case .copy(let index, let range):
                    #expect(plan.starts[index] + range.lowerBound == position)
                    #expect(range.upperBound <= min(parts[index].frames, parts[index].available))
                    #expect(parts[index].isCopyable && parts[index].keys.contains(range.lowerBound))
                    position = plan.starts[index] + range.upperBound
                }
            }
            #expect(position == plan.starts.last)
        }
    }
}

/// The same numbers in every run.
private struct Repeatable: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return (state >> 32) * 0x1_0000_0001
    }
}
