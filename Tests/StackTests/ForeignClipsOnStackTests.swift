// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Clips of other encoders and tools: the film shows what a player shows of each clip.
@Suite(.serialized, .timeLimit(.minutes(5))) struct ForeignClipsOnStackTests {
    private static let coding = [
        "-c:v", "libx264", "-preset", "veryfast", "-crf", "14", "-pix_fmt", "yuv420p", "-colorspace", "bt709",
        "-color_primaries", "bt709", "-color_trc", "bt709", "-color_range", "tv",
    ]
    /// Pictures whose number can be read: frame `n` has luma `20 + 2n`.
    private static let numbered = "color=black:s=320x180:r=30:d=3,geq=lum='20+2*N':cb=128:cr=128,format=yuv420p"

    /// Runs ffmpeg, which must succeed.
    private func run(_ arguments: [String]) async throws {
        let encoded = try await Program.run("/usr/bin/ffmpeg", ["-v", "error", "-y"] + arguments)
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// Makes `cut.mp4`, `late.mp4`, `sets.mp4`, `fields.mp4` and `narrow.mp4`, each at least two seconds long.
    private func makeClips(_ folder: String) async throws {
        let sound = ["-f", "lavfi", "-i", "aevalsrc='if(gte(t,1.2),0.5*sin(3000*t),0)':d=3"]
        try await run(
            ["-f", "lavfi", "-i", Self.numbered] + sound + Self.coding + [
                "-bf", "2", "-g", "90", "-c:a", "aac", "\(folder)/g.mp4",
            ])
        try await run(["-ss", "0.7", "-i", "\(folder)/g.mp4", "-c", "copy", "\(folder)/cut.mp4"])
        try await run([
            "-itsoffset", "0.5", "-i", "\(folder)/g.mp4", "-i", "\(folder)/g.mp4", "-map", "0:v", "-map", "1:a", "-c",
            "copy", "\(folder)/late.mp4",
        ])
        for cabac in [0, 1] {
            try await run(
                ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1"] + Self.coding + [
                    "-bf", "0", "-x264-params", "cabac=\(cabac)", "\(folder)/\(cabac).h264",
                ])
        }
        try await run([
            "-framerate", "30", "-i", "concat:\(folder)/0.h264|\(folder)/1.h264", "-c", "copy", "\(folder)/sets.mp4",
        ])
        try await run(
            [
                "-f", "lavfi", "-i",
                "color=black:s=320x180:r=60:d=2,format=yuv420p,geq=lum='if(between(X-2*N\\,0\\,15)\\,235\\,16)':cb=128:cr=128",
                "-vf", "tinterlace=mode=interleave_top,setfield=tff",
            ] + Self.coding + ["-bf", "0", "-flags", "+ildct+ilme", "\(folder)/fields.mp4"])
        try await run(
            ["-f", "lavfi", "-i", "color=white:s=320x180:r=30:d=2,setsar=1"] + Self.coding + ["\(folder)/wide.mp4"])
        try await run(["-i", "\(folder)/wide.mp4", "-c", "copy", "-aspect", "4:3", "\(folder)/narrow.mp4"])
    }

    /// The luma of every frame, row by row.
    private func luma(_ film: String) async throws -> [[UInt8]] {
        let raw = "\(film).gray"
        defer { try? FileManager.default.removeItem(atPath: raw) }
        try await run(["-i", film, "-map", "0:v:0", "-vf", "extractplanes=y", "-f", "rawvideo", raw])
        let bytes = Array(try Data(contentsOf: URL(filePath: raw)))
        return stride(from: 0, to: bytes.count, by: 320 * 180).map {
            Array(bytes[$0..<min($0 + 320 * 180, bytes.count)])
        }
    }

    /// The number of a picture of `numbered`.
    private func number(_ frame: [UInt8]) -> Int { Int((Double(frame[90 * 320 + 160]) - 20) / 2 + 0.5) }

    @Test
    func `clips that are cut, late, changing, interlaced or anamorphic look in the film as in a player`() async throws {
        try await LiveStack.with { stack in
            let folder = stack.folder
            try await makeClips(folder)
            let (clipper, stitcher) = (try await stack.connect("clipper"), try await stack.connect("stitcher"))
            var frames: [String: [[UInt8]]] = [:]
            for name in ["cut", "late", "sets", "fields", "narrow"] {
                let probe = try await clipper.call(
                    ClipperAPI.probe, ProbeMedia(media: "file://\(folder)/\(name).mp4", decode: true))
                #expect(probe.decodedOK == true && probe.problems == [], "\(name): \(probe.problems)")
                let film = "\(folder)/\(name)_film.mp4"
                var request = StitchFilm(
                    clips: [StitchClip(clip: "file://\(folder)/\(name).mp4", segmentID: name, duration: 2)],
                    output: "file://\(film)")
                (request.width, request.height) = (320, 180)
                let stitched = try await stitcher.call(StitcherAPI.stitch, request)
                #expect(stitched.clips?.first?.reason != nil && stitched.copiedFrames == 0, "\(name)")
                #expect(try await FilmInspection.decodingErrors(film) == "", "\(name)")
                let found = try await luma(film)
                try #require(found.count == 60, "\(name)")
                frames[name] = found
            }
            #expect(frames["cut"]?.map(number) == Array(21..<81))
            #expect(frames["late"]?.map(number) == Array(repeating: 0, count: 15) + Array(0..<45))
            let narrow = frames["narrow"]?[30] ?? []
            #expect(narrow[90 * 320 + 20] < 30 && narrow[90 * 320 + 160] > 220)
            let fields = frames["fields"]?[20] ?? []
            for row in 3..<176 {
                let differs = (0..<320).contains {
                    abs(Int(fields[row * 320 + $0]) - Int(fields[row * 320 + 320 + $0])) > 60
                }
                #expect(!differs, "row \(row) is combed")
            }
            // Sound before the first picture is audible, and the pictures start at their time.
            let late = try #require(try await FilmInspection.onset("\(folder)/late_film.mp4", at: 1.2))
            #expect(abs(late) < 0.05, "\(late)")
            // Sound and pictures stay in sync: 0.7 s are cut from both.
            let onset = try #require(try await FilmInspection.onset("\(folder)/cut_film.mp4", at: 0.5))
            #expect(abs(onset) < 0.05, "\(onset)")
        }
    }

    /// Makes `odd.mp4`, whose header is that of the clipper, while its samples contain other parameter sets of the same id.
    ///
    /// It decodes, but if it were copied, the clips after it would not.
    private func makeInconsistentClip(_ stack: LiveStack) async throws {
        let folder = stack.folder
        try await run(["-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1", "\(folder)/a.png"])
        var clip = CreateClip(image: "file://\(folder)/a.png", duration: 1, output: "file://\(folder)/still.mp4")
        (clip.width, clip.height) = (320, 180)
        _ = try await stack.connect("clipper").call(ClipperAPI.create, clip)
        try await run(["-i", "\(folder)/still.mp4", "-c", "copy", "-bsf:v", "h264_mp4toannexb", "\(folder)/a.h264"])
        try await run(
            ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1"] + Self.coding + [
                "-bf", "0", "-x264-params", "cabac=0:ref=3", "\(folder)/b.h264",
            ])
        try await run([
            "-framerate", "30", "-i", "concat:\(folder)/a.h264|\(folder)/b.h264", "-c", "copy", "\(folder)/odd.mp4",
        ])
    }

    @Test
    func `a clip that only seems to be from the clipper is encoded again, and the job needs one stitch`() async throws {
        let script = """
            {"calls": [{"steps": [{"clips": [{"segment_id": "seg_1", "clip": "odd.mp4"},
              {"segment_id": "seg_2", "clip": "still.mp4"}], "cost_usd": 0.1}]}]}
            """
        try await LiveStack.with(script: script) { stack in
            try await makeInconsistentClip(stack)
            try stack.writeStoryboard(durations: [2, 1])
            let view = try await stack.runJob(["fallback": "segments"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead])
            #expect(try await FilmInspection.decodingErrors(stack.artifactPath("agent5/final.mp4")) == "")
            let receipt = try await stack.connect("orchestrator").call(
                OrchestratorAPI.receipt, JobReference(jobID: view.jobID))
            #expect(receipt.attempts.allSatisfy { $0.work != .stitch || $0.error == nil })
        }
    }

    /// Kinds of H.264 clips: file name, arguments of ffmpeg, and whether the stitcher copies the coded pictures.
    private static let kinds: [(name: String, arguments: [String], isCopied: Bool)] = [
        ("plain.mp4", coding + ["-bf", "0"], true),
        ("slow.mp4", coding + ["-preset", "slow", "-bf", "0", "-level", "4.2"], true),
        ("baseline.mp4", coding + ["-profile:v", "baseline", "-level", "3.1"], true),
        ("repeated.mp4", coding + ["-bf", "0", "-g", "15", "-x264-params", "repeat-headers=1"], true),
        ("open.mp4", coding + ["-bf", "2", "-g", "15", "-x264-params", "open-gop=1"], false),
        ("frames.mp4", coding + ["-bf", "3"], false), ("b.mkv", coding + ["-bf", "2"], false),
        ("b.ts", coding + ["-bf", "0"], false),
        ("fragments.mp4", coding + ["-bf", "0", "-g", "15", "-movflags", "frag_keyframe+empty_moov"], true),
        ("refresh.mp4", coding + ["-bf", "0", "-x264-params", "intra-refresh=1"], true),
    ]

    @Test
    func `films of the clipper's clips and any kind of H.264 decode, and copied frames are counted`() async throws {
        try await LiveStack.with(script: nil) { stack in
            let folder = stack.folder
            try await makeClips(folder)
            try await makeInconsistentClip(stack)
            for kind in Self.kinds {
                try await run(
                    ["-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2"] + kind.arguments + ["\(folder)/\(kind.name)"])
            }
            // Begins with a recovery point instead of an IDR picture.
            try await run(["-ss", "0.6", "-i", "\(folder)/open.mp4", "-c", "copy", "\(folder)/opened.mp4"])
            try await run(["-i", "\(folder)/plain.mp4", "-c", "copy", "-tag:v", "avc3", "\(folder)/avc3.mp4"])
            let stitcher = try await stack.connect("stitcher")
            let others = [
                ("sets.mp4", false), ("cut.mp4", false), ("opened.mp4", false), ("avc3.mp4", true),
            ]
            func film(_ names: [String], _ mode: StitchMode, seconds: Double = 1) async throws -> StitchedFilm {
                var request = StitchFilm(
                    clips: names.enumerated().map {
                        StitchClip(clip: "file://\(folder)/\($1)", segmentID: "seg_\($0)", duration: seconds)
                    }, output: "file://\(folder)/film.mp4")
                (request.width, request.height, request.mode) = (320, 180, mode)
                let made = try await stitcher.call(StitcherAPI.stitch, request)
                let frames = 30 * Int(seconds) * names.count
                #expect(try await FilmInspection.decodingErrors("\(folder)/film.mp4") == "", "\(names)")
                #expect(try await luma("\(folder)/film.mp4").count == frames, "\(names)")
                #expect(made.copiedFrames + made.encodedFrames == frames, "\(names)")
                return made
            }
            for (name, isCopied) in Self.kinds.map({ ($0.name, $0.isCopied) }) + others {
                // Parameter sets of two encoders have the same ids: the clips with the most frames are copied.
                let mixed = try await film(["still.mp4", name, "still.mp4"], .fade)
                #expect(mixed.clips?[1].reason != nil, "\(name)")
                let alone = try await film([name, name], .simple)
                #expect(alone.copiedFrames == (isCopied ? 60 : 0), "\(name): \(alone.clips?[0].reason ?? "-")")
                #expect((alone.clips?[0].reason == nil) == isCopied, "\(name): \(alone.clips?[0].reason ?? "-")")
            }
            let presets = try await film(["plain.mp4", "baseline.mp4", "slow.mp4"], .simple)
            #expect(presets.copiedFrames == 30)
            let inconsistent = try await film(["odd.mp4", "still.mp4"], .simple, seconds: 2)
            #expect(inconsistent.clips?.map(\.copiedFrames) == [0, 30])
            #expect(inconsistent.clips?[0].reason == "its parameter sets change within the clip")
        }
    }

    @Test
    func `a lead's clips with edit lists, changing parameter sets and fields make a verified film`() async throws {
        let script = """
            {"calls": [{"steps": [{"clips": [{"segment_id": "seg_1", "clip": "cut.mp4"},
              {"segment_id": "seg_2", "clip": "sets.mp4"}, {"segment_id": "seg_3", "clip": "fields.mp4"}],
              "cost_usd": 0.1}]}]}
            """
        try await LiveStack.with(script: script) { stack in
            try await makeClips(stack.folder)
            try stack.writeStoryboard(durations: [2.3, 2, 2])
            let view = try await stack.runJob(["fallback": "segments"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead, .lead], "\(view.warnings)")
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await luma(film).prefix(69).map(number) == Array(21..<90))
        }
    }
}
