// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// The sound of clips, films and jobs.
@Suite(.serialized, .timeLimit(.minutes(10))) struct SoundOnStackTests {
    /// Makes a file with ffmpeg.
    private func make(_ path: String, _ arguments: [String]) async throws {
        let encoded = try await Program.run("/usr/bin/ffmpeg", ["-v", "error", "-y"] + arguments + [path])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// Makes a sound file with a beep of 0.2 s.
    ///
    /// - Parameters:
    ///   - seconds: The start of the beep.
    ///   - length: The duration of the file. Seconds.
    ///   - tail: Further options of ffmpeg.
    private func beep(_ path: String, at seconds: Double, length: Double, tail: [String] = []) async throws {
        let wave = "0.7*sin(2*PI*1000*t)*between(t,\(seconds),\(seconds + 0.2))"
        try await make(path, ["-f", "lavfi", "-i", "aevalsrc='\(wave)':d=\(length):s=48000"] + tail)
    }

    /// Peak and mean level of a file's sound from 0.5 to 1.5 s. dBFS.
    private func level(_ file: String) async throws -> (peak: Double, mean: Double) {
        let result = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-i", file, "-map", "0:a", "-af", "atrim=0.5:1.5,volumedetect", "-f", "null", "-"])
        func value(_ name: String) -> Double {
            result.errors.split(separator: "\n").last { $0.contains("\(name)_volume:") }?
                .split(separator: ":").last.flatMap { Double($0.split(separator: " ")[0]) } ?? .nan
        }
        return (value("max"), value("mean"))
    }

    @Test
    func `late starts, gaps and levels of sound are preserved by clipper and stitcher`() async throws {
        try await LiveStack.with(script: nil) { stack in
            let folder = stack.store
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try await make("\(folder)/p.png", ["-f", "lavfi", "-i", "testsrc2=s=320x180", "-frames:v", "1"])
            let clipper = try await stack.connect("clipper")
            let stitcher = try await stack.connect("stitcher")
            func uri(_ name: String) -> JSONValue { .string("file://\(folder)/\(name)") }
            _ = try await clipper.call(
                "clipper.create",
                params: [
                    "image": uri("p.png"), "duration": 4, "output": uri("c.mp4"), "width": 320, "height": 180,
                ])
            func narrate(_ audio: String) async throws -> String {
                _ = try await clipper.call(
                    "clipper.replace_audio",
                    params: ["clip": uri("c.mp4"), "audio": uri(audio), "output": uri("n.mp4")])
                return "\(folder)/n.mp4"
            }
            func film(_ clip: String) async throws -> String {
                _ = try await stitcher.call(
                    "stitcher.stitch",
                    params: [
                        "clips": [["clip": uri(clip), "segment_id": "a", "duration": 4]], "output": uri("f.mp4"),
                        "width": 320, "height": 180,
                    ])
                return "\(folder)/f.mp4"
            }
            try await beep("\(folder)/b.wav", at: 0.5, length: 1)
            try await make(
                "\(folder)/late.mp4",
                [
                    "-i", "\(folder)/c.mp4", "-itsoffset", "1", "-i", "\(folder)/b.wav", "-map", "0", "-map", "1",
                    "-c:v", "copy", "-c:a", "aac",
                ])
            #expect(abs(try await FilmInspection.onset(try await narrate("late.mp4"), at: 1.5) ?? 9) < 0.005)
            #expect(abs(try await FilmInspection.onset(try await film("late.mp4"), at: 1.5) ?? 9) < 0.005)
            try await beep(
                "\(folder)/gap.webm", at: 1.2, length: 2,
                tail: ["-af", "asetpts='PTS+if(gte(T,1),2,0)/TB'", "-c:a", "libopus"])
            #expect(abs(try await FilmInspection.onset(try await narrate("gap.webm"), at: 3.2) ?? 9) < 0.010)

            for (layout, waves, expected) in [
                ("mono", ["0.25*sin(2*PI*440*t)"], -12.0), ("stereo", ["0.885*sin(2*PI*300*t)"], -1.1),
                ("5.1", ["0.9*sin(2*PI*300*t)"], -2.5),
            ] {
                let count = ["mono": 1, "stereo": 2, "5.1": 6][layout] ?? 1
                let wave = Array(repeating: waves[0], count: count).joined(separator: "|")
                try await make(
                    "\(folder)/l.wav",
                    ["-f", "lavfi", "-i", "aevalsrc='\(wave)':d=2:s=48000:c=\(layout)", "-c:a", "pcm_f32le"])
                let heard = try await level(try await narrate("l.wav"))
                #expect(abs(heard.mean + 3 - expected) < 0.3 && heard.peak <= 0, "\(layout): \(heard)")
            }
        }
    }

    @Test
    func `a narration longer than its segment is cut with a warning, extends the segment, or is sped up`() async throws
    {
        try await LiveStack.with(script: LiveStack.failing) { stack in
            let expected = "seg_1: the narration is 1.5 s longer than its segment; its end is cut"
            func job(_ fit: String?) async throws -> JobView {
                let ids = try stack.writeStoryboard(durations: [2, 2])
                try FileManager.default.createDirectory(
                    atPath: stack.artifactPath("agent4"), withIntermediateDirectories: true)
                try await beep(stack.artifactPath("agent4/\(ids[0]).wav"), at: 3.2, length: 3.5)
                try await beep(stack.artifactPath("agent4/\(ids[1]).wav"), at: 0.5, length: 1)
                var options: [String: JSONValue] = ["captions": "sidecar"]
                if let fit { options["fit_narration"] = .string(fit) }
                return try await stack.runJob(options)
            }
            let film = stack.artifactPath("agent5/final.mp4")

            let cut = try await job(nil)
            #expect(cut.state == .finished && cut.warnings.contains(expected), "\(cut.warnings)")
            let receipt = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains(expected))
            #expect(abs(try await FilmInspection.onset(film, at: 2.5) ?? 9) < 0.005)

            let extended = try await job("extend")
            #expect(extended.state == .finished && extended.warnings == [], "\(extended.warnings)")
            #expect(extended.segments.map(\.duration) == [3.5, 2])
            #expect(try await FilmInspection.probe(film).contains("nb_frames=165"))
            #expect(abs(try await FilmInspection.onset(film, at: 3.2) ?? 9) < 0.005)
            #expect(abs(try await FilmInspection.onset(film, at: 4) ?? 9) < 0.005)

            let faster = try await job("speed")
            #expect(faster.state == .finished, "\(faster.error?.message ?? "")")
            #expect(
                faster.warnings.count == 1 && faster.warnings[0].contains("longer than its segment"),
                "\(faster.warnings)")
            #expect(try await FilmInspection.probe(film).contains("nb_frames=120"))
        }
    }

    @Test
    func `narrations are found by name, and a byte order mark in a storyboard is ignored`() async throws {
        try await LiveStack.with { stack in
            let board = """
                \u{FEFF}{"segments": [
                  {"id": "1", "duration": 2, "visual_guidance": "a hill"},
                  {"id": "2", "duration": 2, "visual_guidance": "a lake"}]}
                """
            try stack.write(board, to: stack.artifactPath("agent2/storyboard.json"))
            try FileManager.default.createDirectory(
                atPath: stack.artifactPath("agent4"), withIntermediateDirectories: true)
            try await beep(stack.artifactPath("agent4/seg_1_take_2.wav"), at: 0.5, length: 1)
            try await beep(stack.artifactPath("agent4/seg_2_take_1.wav"), at: 1, length: 1.5)
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(abs(try await FilmInspection.onset(film, at: 0.5) ?? 9) < 0.005)
            #expect(abs(try await FilmInspection.onset(film, at: 3) ?? 9) < 0.005)
            #expect(
                view.warnings.contains {
                    $0.contains("seg_1_take_2.wav") && $0.contains("seg_2_take_1.wav")
                }, "\(view.warnings)")
        }
    }
}
