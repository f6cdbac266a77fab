// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct FadeTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test
    func `a fade between moving clips holds the last frame of one and the first of the other`() throws {
        for (name, color) in [("a.mp4", "gray"), ("b.mp4", "gray")] {
            // The luma of a frame encodes its number.
            try bench.make(
                name, "-f", "lavfi", "-i", "color=\(color):s=320x180:r=30", "-t", "2", "-vf",
                "geq=lum='16+2*N':cb=128:cr=128", "-c:v", "libx264", "-qp", "4", "-bf", "0", "-preset", "ultrafast",
                "-colorspace", "bt709")
        }
        let parts = ["a.mp4", "b.mp4"].map {
            FilmPart(clip: bench.path($0), frames: 60, audio: nil, title: $0)
        }
        let report = try Film.stitch(
            parts: parts, output: bench.path("film.mp4"), format: try small(), fadeFrames: 10)
        #expect(report.frames == 120)
        let luma = try bench.luma("film.mp4")
        try #require(luma.count == 120)
        // Before the boundary the entering clip shows its first frame (16), after it the leaving clip its last (134).
        for (frame, leaving, entering) in [(55, 126, 16), (59, 134, 16), (60, 134, 16), (64, 134, 24)] {
            let weight = (Double(frame - 55) + 0.5) / 10
            let wanted = Double(leaving) * (1 - weight) + Double(entering) * weight
            #expect(abs(Double(luma[frame]) - wanted) <= 4, "frame \(frame)")
        }
        #expect(abs(luma[54] - 124) <= 3 && abs(luma[65] - 26) <= 3 && abs(luma[119] - 134) <= 3)
    }

    @Test
    func `a fade between stills is the weighted mean of the stills at a few bytes per frame`() throws {
        let pictures = [
            try bench.picture("a.png", "mandelbrot=s=320x180:start_scale=0.5"),
            try bench.picture("b.png", "testsrc2=s=320x180"),
        ]
        for (index, picture) in pictures.enumerated() { _ = try bench.clip("\(index).mp4", frames: 100, of: picture) }
        let parts = (0..<2).map { FilmPart(clip: bench.path("\($0).mp4"), frames: 100, audio: nil, title: "\($0)") }
        let stills = try parts.map { try pixels($0.clip, frames: 1) }
        for length in [2, 15, 60] {
            let film = bench.path("film.mp4")
            let report = try Film.stitch(parts: parts, output: film, format: try small(), fadeFrames: length)
            #expect(report.frames == 200 && report.encodedFrames == length && report.copiedFrames == 200 - length)
            #expect(try bench.complaints(film) == "")
            let frames = try pixels(film, frames: 200)
            let size = 320 * 180 * 3 / 2
            try #require(frames.count == 200 * size)
            let first = 100 - length / 2
            for frame in [
                0, first - 2, first - 1, first, 100, first + length - 1, first + length, first + length + 1, 199,
            ] {
                let weight = min(max((Double(frame - first) + 0.5) / Double(length), 0), 1)
                let isFaded = frame >= first && frame < first + length
                let worst = (0..<size).map { index in
                    let share = isFaded ? weight : frame < first ? 0 : 1
                    let wanted = Double(stills[0][index]) * (1 - share) + Double(stills[1][index]) * share
                    return abs(Double(frames[frame * size + index]) - wanted)
                }.max()
                #expect(worst ?? 99 <= (isFaded ? 1.5 : 0), "frame \(frame) of a fade over \(length)")
            }
            let packets = try bench.run(
                "ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=pts,dts,size,flags", "-of",
                "csv=p=0", film
            ).split(separator: "\n").map { $0.split(separator: ",") }
            // Two key frames of each still, and two frames of the fade.
            #expect(packets.count { Int($0[2]) ?? 0 >= 60 } <= 7)
            #expect(packets.count { $0[3].hasPrefix("K") } >= 5)
            let stream = try bench.entries(film)
            #expect(stream["r_frame_rate"] == "30/1" && stream["start_pts"] == "0" && stream["nb_frames"] == "200")
        }
    }

    @Test
    func `a fade of stills survives remuxing, and its film can be a clip of another film`() throws {
        for (index, color) in ["red", "blue"].enumerated() {
            _ = try bench.clip("\(index).mp4", frames: 45, of: try bench.flat("\(index).png", color))
        }
        let parts = (0..<2).map { FilmPart(clip: bench.path("\($0).mp4"), frames: 45, audio: nil, title: "\($0)") }
        _ = try Film.stitch(parts: parts, output: bench.path("film.mp4"), format: try small(), fadeFrames: 15)
        let hashes = try bench.frameHashes("film.mp4")
        #expect(hashes.count == 90 && Set(hashes).count == 17)
        try bench.make("film.mkv", "-i", "film.mp4", "-map", "0:v", "-c", "copy")
        try bench.make("film.ts", "-i", "film.mp4", "-map", "0:v", "-c", "copy")
        try bench.make("again.mp4", "-i", "film.mkv", "-c", "copy")
        for name in ["film.mkv", "film.ts", "again.mp4"] {
            #expect(try bench.frameHashes(name) == hashes, "\(name)")
        }
        let whole = [FilmPart(clip: bench.path("film.mp4"), frames: 90, audio: nil, title: "film")] + parts
        let report = try Film.stitch(parts: whole, output: bench.path("more.mp4"), format: try small())
        #expect(report.parts[0].reason == "it has B pictures" && report.copiedFrames == 90)
        #expect(try bench.complaints("more.mp4") == "")
    }

    @Test
    func `short stills with adjacent fades make a complete film`() throws {
        for (index, color) in ["red", "blue", "lime", "white"].enumerated() {
            _ = try bench.clip("\(index).mp4", frames: 40, of: try bench.flat("\(index).png", color))
        }
        for frames in [2, 3, 7, 9, 16, 17, 18, 31, 32, 33, 40] {
            let parts = (0..<4).map {
                FilmPart(clip: bench.path("\($0).mp4"), frames: frames, audio: nil, title: "\($0)")
            }
            let report = try Film.stitch(
                parts: parts, output: bench.path("film.mp4"), format: try small(), fadeFrames: 16)
            #expect(report.frames == 4 * frames && report.copiedFrames + report.encodedFrames == 4 * frames)
            #expect(try bench.complaints("film.mp4") == "", "\(frames) frames")
            #expect(try bench.luma("film.mp4").count == 4 * frames, "\(frames) frames")
        }
    }

    /// The decoded frames, planar 4:2:0.
    private func pixels(_ file: String, frames: Int) throws -> [UInt8] {
        Array(
            try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", file, "-map", "0:v", "-frames:v", "\(frames)", "-f", "rawvideo", "-pix_fmt",
                    "yuv420p",
                    "-",
                ]))
    }

    @Test
    func `a film with a fade at every boundary starts its narrations on time`() throws {
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

    @Test
    func `the runs of random plans cover every frame once, and every copy starts at a key frame`() {
        var random = SeededGenerator(seed: 7)
        for _ in 0..<3000 {
            let parts = (0..<Int.random(in: 1...8, using: &random)).map { _ in
                let available = Int.random(in: 1...100, using: &random)
                let keys = [0] + (0..<3).map { _ in Int.random(in: 0..<available, using: &random) }.sorted()
                var part = FilmPlan.Part(
                    frames: Int.random(in: 1...80, using: &random), available: available, keys: keys,
                    isCopyable: Int.random(in: 0..<4, using: &random) > 0)
                let split = keys.randomElement(using: &random) ?? 0
                part.stills = [0..<split, split..<available].filter { !$0.isEmpty && Bool.random(using: &random) }
                return part
            }
            let plan = FilmPlan(parts: parts, fades: FilmPlan.Fades(crossing: Int.random(in: 0...40, using: &random)))
            var position = 0
            for run in plan.runs {
                switch run {
                case .encode(let range):
                    #expect(range.lowerBound == position)
                    position = range.upperBound
                case .blend(let fade):
                    #expect(fade.group.lowerBound == position)
                    let (leaving, entering) = (parts[fade.part - 1], parts[fade.part])
                    let out = position - plan.starts[fade.part - 1]..<leaving.frames
                    let into = 0..<fade.group.upperBound - plan.starts[fade.part]
                    #expect(leaving.isCopyable && leaving.stills.contains { $0.contains(out) })
                    #expect(entering.isCopyable && entering.stills.contains { $0.contains(into) })
                    position = fade.group.upperBound
                    #expect(position <= plan.starts[fade.part + 1])
                case .hold(let index, let range):
                    #expect(plan.starts[index] + range.lowerBound == position)
                    #expect(parts[index].isCopyable && parts[index].stills.contains { $0.contains(range) })
                    #expect(range.upperBound <= parts[index].frames)
                    position = plan.starts[index] + range.upperBound
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
