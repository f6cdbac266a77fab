// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Pictures, sound and captions of films and clips, as a viewer gets them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PictureAndSoundTests {
    /// Makes a file with ffmpeg.
    private func make(_ path: String, _ arguments: String...) async throws {
        let encoded = try await Program.run("/usr/bin/ffmpeg", ["-v", "error", "-y"] + arguments + [path])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    @Test
    func `a job with captions, music, motion and fades makes a film that passes its report`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [3, 2.5, 3])
            for id in ids { try await stack.writeNarration(id, seconds: 1.5) }
            try await make(stack.artifactPath("music.mp3"), "-f", "lavfi", "-i", "sine=f=220:d=2")
            let view = try await stack.runJob([
                "mode": "fade", "motion": "ken_burns", "captions": "soft", "loudness_lufs": -16, "music": "music.mp3",
                "fade_in_s": 0.5, "fade_out_s": 0.5, "width": 1280, "height": 720, "fps": 25,
            ])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.warnings == [])
            let film = stack.artifactPath("agent5/final.mp4")
            let probe = try await FilmInspection.probe(film)
            for text in ["codec_name=mov_text", "nb_frames=213", "avg_frame_rate=25/1", "width=1280"] {
                #expect(probe.contains(text), "\(text)")
            }
            #expect(try await FilmInspection.decodingErrors(film) == "")
            let captions = try String(contentsOfFile: stack.artifactPath("agent5/final.srt"), encoding: .utf8)
            #expect(captions.hasPrefix("1\n00:00:00,000 --> 00:00:01,"))
            #expect(captions.contains("\n2\n00:00:03,000 --> "))
            #expect(
                try String(contentsOfFile: stack.artifactPath("agent5/final.vtt"), encoding: .utf8).hasPrefix("WEBVTT"))
            let report = try JSONCoding.decode(
                DeliveryReport.self, from: try Data(contentsOf: URL(filePath: stack.artifactPath("agent5/report.json")))
            )
            #expect(report.isPassed, "\(report.points.filter { !$0.isPassed })")
            for name in ["loudness", "true_peak", "sync_seg_1", "sync_seg_3", "caption_speed", "black", "frozen"] {
                #expect(report.points.contains { $0.name == name }, "\(name)")
            }
            #expect(report.points.first { $0.name == "loudness" }?.measured.hasPrefix("-16") == true)
            let command = try await stack.understudy("report", film)
            #expect(
                command.status == 0 && command.output.contains("pass  moov_first"),
                "\(command.output)\(command.errors)")
            let played = try await BrowserPlayer.play(film, 1, 4, 7)
            #expect(played.error == nil && played.played ?? 0 > 0.2, "\(played)")
        }
    }

    @Test
    func `burned captions are visible while they are spoken, and only then`() async throws {
        try await LiveStack.with { stack in
            let id = try stack.writeStoryboard(durations: [4])[0]
            try FileManager.default.createDirectory(
                atPath: stack.artifactPath("agent4"), withIntermediateDirectories: true)
            try await make(
                stack.artifactPath("agent4/\(id).mp3"), "-f", "lavfi", "-i",
                "aevalsrc='if(between(t,1,2.5),0.5*sin(3000*t),0)':d=4")
            let view = try await stack.runJob(["captions": "burned"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            let hashes = try await Program.run(
                "/usr/bin/ffmpeg",
                ["-v", "error", "-i", stack.artifactPath("agent5/final.mp4"), "-map", "0:v", "-f", "framemd5", "-"]
            ).output.split(separator: "\n").filter { !$0.hasPrefix("#") }.compactMap { $0.split(separator: ",").last }
            try #require(hashes.count == 120)
            #expect(Set(hashes).count == 2)
            #expect(hashes[10] == hashes[119] && hashes[10] != hashes[45])
            #expect(hashes[28] == hashes[10] && hashes[32] == hashes[45])
        }
    }

    @Test
    func `a browser plays a film of still clips and a lead's clip in 720p24 VP9 with 44.1 kHz sound`() async throws {
        try await LiveStack.with { stack in
            let folder = stack.folder
            try await make(
                "\(folder)/lead.webm", "-f", "lavfi", "-i", "color=0x30A040:s=1280x720:r=24:d=2", "-f", "lavfi", "-i",
                "sine=f=700:d=2:r=44100", "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a",
                "libvorbis")
            try await make(
                "\(folder)/red.png", "-f", "lavfi", "-i", "color=0xC02020:s=1920x1080,format=rgb24", "-frames:v", "1")
            let clipper = try await stack.connect("clipper")
            _ = try await clipper.call(
                "clipper.create",
                params: [
                    "image": .string("file://\(folder)/red.png"), "duration": 2,
                    "output": .string("file://\(folder)/a.mp4"),
                ])
            let stitcher = try await stack.connect("stitcher")
            let film = "\(folder)/film.mp4"
            let result = try await stitcher.call(
                "stitcher.stitch",
                params: [
                    "clips": [
                        ["clip": .string("file://\(folder)/a.mp4"), "segment_id": "a", "duration": 2],
                        ["clip": .string("file://\(folder)/lead.webm"), "segment_id": "lead", "duration": 2],
                        ["clip": .string("file://\(folder)/a.mp4"), "segment_id": "b", "duration": 2],
                    ], "output": .string("file://\(film)"),
                ])
            #expect(result["copied_frames"] == 120 && result["encoded_frames"] == 60)
            let clips = try #require(result["clips"]?.array)
            #expect(clips[1]["reason"] == "it is coded as vp9" && clips[0]["reason"] == nil)
            #expect(abs(try #require(try await FilmInspection.onset(film, at: 2))) < 0.010)
            let played = try await BrowserPlayer.play(film, 0.5, 3, 5.5, 1.9, 2.1)
            #expect(played.error == nil, "\(played)")
            #expect(played.width == 1920 && abs((played.duration ?? 0) - 6) < 0.1 && played.played ?? 0 > 0.2)
            let reds = (played.seeks ?? []).map { ($0.color.first ?? 0) > 120 }
            #expect(reds == [true, false, true, true, false])
        }
    }

    @Test
    func `a browser shows every stage of a fade between two stills after seeking`() async throws {
        try await LiveStack.with(script: nil) { stack in
            let clipper = try await stack.connect("clipper")
            try FileManager.default.createDirectory(atPath: stack.store, withIntermediateDirectories: true)
            for (name, color) in [("a", "black"), ("b", "white")] {
                try await make(
                    "\(stack.store)/\(name).png", "-f", "lavfi", "-i", "color=\(color):s=192x108", "-frames:v", "1")
                _ = try await clipper.call(
                    "clipper.create",
                    params: [
                        "image": .string("file://\(stack.store)/\(name).png"), "duration": 2,
                        "output": .string("file://\(stack.store)/\(name).mp4"), "boundary_s": 1,
                    ])
            }
            let film = "\(stack.store)/film.mp4"
            let stitcher = try await stack.connect("stitcher")
            let result = try await stitcher.call(
                "stitcher.stitch",
                params: [
                    "clips": [
                        ["clip": .string("file://\(stack.store)/a.mp4"), "segment_id": "a", "duration": 2],
                        ["clip": .string("file://\(stack.store)/b.mp4"), "segment_id": "b", "duration": 2],
                    ], "output": .string("file://\(film)"), "mode": "fade", "fade_s": 1,
                ])
            #expect(result["encoded_frames"] == 30 && result["copied_frames"] == 90)
            let played = try await BrowserPlayer.play(film, 0.5, 1.45, 1.7, 2.02, 2.3, 2.55, 3.5, 1.7)
            #expect(played.error == nil && played.played ?? 0 > 0.2, "\(played)")
            let greys = (played.seeks ?? []).map { Double($0.color.first ?? 0) / 255 }
            for (grey, wanted) in zip(greys, [0, 0, 0.21, 0.52, 0.81, 1, 1, 0.21]) {
                #expect(abs(grey - wanted) < 0.05, "\(greys)")
            }
        }
    }

    @Test
    func `understudy report names the faults of a film, and exits with status 1`() async throws {
        let stack = try LiveStack.prepare()
        try FileManager.default.createDirectory(atPath: stack.folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let film = "\(stack.folder)/bad.mp4"
        try await make(
            film, "-f", "lavfi", "-i", "color=black:s=640x360:r=30:d=3", "-f", "lavfi", "-i", "sine=d=3:r=44100", "-af",
            "volume=20dB", "-c:v", "libx264", "-g", "300", "-pix_fmt", "yuv420p")
        let report = try await stack.understudy("report", film)
        #expect(report.status == 1)
        for point in ["moov_first", "black", "audio_rate", "audio_channels", "colours", "key_frames"] {
            #expect(report.output.contains("FAIL  \(point)"), "\(point): \(report.output)")
        }
        #expect(report.output.contains("pass  frame_rate"))
    }

    @Test
    func `clipper.create takes motion and coding, and rejects an invalid motion with its pointer`() async throws {
        try await LiveStack.with { stack in
            let folder = stack.folder
            try await make("\(folder)/a.png", "-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1")
            let clipper = try await stack.connect("clipper")
            func create(_ more: [String: JSONValue]) async throws -> JSONValue {
                var params: [String: JSONValue] = [
                    "image": .string("file://\(folder)/a.png"), "duration": 1, "width": 640, "height": 360,
                    "output": .string("file://\(folder)/c.mp4"),
                ]
                params.merge(more) { _, new in new }
                return try await clipper.call("clipper.create", params: .object(params))
            }
            for more: [String: JSONValue] in [
                ["motion": "ken_burns"], ["coding": "full"],
                [
                    "motion": [
                        "from": ["x": 0, "y": 0, "width": 1, "height": 1],
                        "to": ["x": 0.2, "y": 0.2, "width": 0.6, "height": 0.6], "ease": "linear",
                    ]
                ],
            ] {
                #expect(try await create(more)["frames"] == 30)
                #expect(try await FilmInspection.decodingErrors("\(folder)/c.mp4") == "")
            }
            let error = await #expect(throws: ServiceError.self) {
                _ = try await create([
                    "motion": [
                        "from": ["x": 0, "y": 0, "width": 1, "height": 1],
                        "to": ["x": 0.9, "y": 0.2, "width": 0.6, "height": 0.6],
                    ]
                ])
            }
            #expect(error?.kind == .invalidParams && error?.message.contains("/motion/to") == true)
        }
    }
}
