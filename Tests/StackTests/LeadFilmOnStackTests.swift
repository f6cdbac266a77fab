// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// The verification of a lead's film, and its conversion to the delivered format.
@Suite(.serialized, .timeLimit(.minutes(10))) struct LeadFilmOnStackTests {
    /// Makes a file in the stack's folder with ffmpeg.
    private func make(_ stack: LiveStack, _ name: String, _ arguments: String...) async throws {
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg", ["-v", "error", "-y"] + arguments + ["\(stack.folder)/\(name)"])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// Makes a film in the stack's folder.
    ///
    /// - Parameters:
    ///   - picture: The filter of ffmpeg that generates the pictures.
    ///   - sound: The filter of ffmpeg that generates the sound; `nil` for none.
    ///   - codecs: Options of ffmpeg; H.264 and AAC by default.
    private func makeFilm(
        _ stack: LiveStack, _ name: String, _ picture: String, _ sound: String?, _ codecs: String...
    ) async throws {
        let inputs = ["-f", "lavfi", "-i", picture] + (sound.map { ["-f", "lavfi", "-i", $0] } ?? [])
        let coded = codecs.isEmpty ? ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"] : codecs
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg", ["-v", "error", "-y"] + inputs + coded + ["\(stack.folder)/\(name)"])
        if encoded.status != 0 { throw ServiceError(.internal, encoded.errors) }
    }

    /// Runs a job whose lead delivers a film of the stack's folder.
    private func runJob(
        _ stack: LiveStack, _ film: String, _ options: [String: JSONValue] = [:]
    ) async throws -> JobView {
        try await runJob(stack, step: ["video": .string(film), "cost_usd": 0.15], options)
    }

    /// Runs a job whose lead has one step of a script.
    private func runJob(
        _ stack: LiveStack, step: JSONValue, _ options: [String: JSONValue] = [:]
    ) async throws -> JobView {
        let script: JSONValue = ["calls": [["steps": [step]]]]
        try JSONCoding.encode(script).write(to: URL(filePath: "\(stack.folder)/script.json"))
        _ = try await stack.connect("orchestrator").call(
            OrchestratorAPI.breaker, BreakerRequest(agent: "agent5", action: .reset))
        return try await stack.runJob(options)
    }

    /// Checks that the understudy took over, for a reason that contains a text.
    private func expectRejected(_ view: JobView, _ reason: String) {
        #expect(view.state == .finished, "\(view.error?.message ?? "")")
        let message = view.agents[.lead]?.message ?? ""
        #expect(view.agents[.lead]?.status == .error && message.contains(reason), "\(message) \(view.warnings)")
        #expect(view.segments.allSatisfy { $0.maker == .understudy })
    }

    /// Checks that the lead's film is the job's film.
    private func expectAccepted(_ view: JobView) {
        #expect(view.state == .finished && view.agents[.understudy] == nil, "\(view.agents)")
        #expect(view.segments.allSatisfy { $0.maker == .lead })
    }

    /// The path of the job's film.
    private func final(_ stack: LiveStack) -> String { stack.artifactPath("agent5/final.mp4") }

    @Test
    func `the length of the decoded pictures is verified to half a second, and reported as measured`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [50, 50])
            try await makeFilm(stack, "short.mp4", "testsrc2=s=160x90:r=10:d=98.1", "sine=d=98.1")
            expectRejected(try await runJob(stack, "short.mp4"), "lasts 98.1 s, expected 100.0 s")
            try await makeFilm(stack, "near.mp4", "testsrc2=s=160x90:r=10:d=99.7", "sine=d=99.7")
            let near = try await runJob(stack, "near.mp4")
            expectAccepted(near)
            #expect(near.agents[.lead]?.message == "the film is ready (99.7 s)")
            // The header states a longer duration than the pictures have.
            try stack.writeStoryboard(durations: [5, 5])
            try await makeFilm(
                stack, "header.webm", "testsrc2=s=160x90:r=10:d=3", "sine=d=10", "-c:v", "libvpx", "-c:a", "libopus")
            expectRejected(try await runJob(stack, "header.webm"), "lasts 3.0 s, expected 10.0 s")
            // Sound before the first picture counts; players show the first picture meanwhile.
            try await make(
                stack, "late.mkv", "-itsoffset", "1", "-f", "lavfi", "-i", "testsrc2=s=160x90:r=10:d=10", "-f", "lavfi",
                "-i", "sine=d=11", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "libopus")
            expectRejected(try await runJob(stack, "late.mkv"), "lasts 11.0")
            try await makeFilm(stack, "long.mp4", "testsrc2=s=160x90:r=10:d=10", "sine=d=14")
            expectRejected(try await runJob(stack, "long.mp4"), "has sound up to 14.0 s")
        }
    }

    @Test
    func `a film whose sound ends early, or that lacks a narration, is rejected`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [3, 3, 4])
            let picture = "testsrc2=s=320x180:r=30:d=10"
            // Without narrations, the film's own sound must last.
            try await makeFilm(stack, "early.mp4", picture, "sine=d=3")
            expectRejected(try await runJob(stack, "early.mp4"), "has sound only up to 3.0 s")
            for id in ids { try await stack.writeNarration(id, seconds: 2.5) }
            expectRejected(try await runJob(stack, "early.mp4"), "lacks the narration of")
            try await makeFilm(stack, "mute.mp4", picture, nil, "-c:v", "libx264", "-pix_fmt", "yuv420p")
            expectRejected(try await runJob(stack, "mute.mp4"), "has no sound although there are narrations")
            try await makeFilm(stack, "good.mp4", picture, "sine=f=500:d=10")
            expectAccepted(try await runJob(stack, "good.mp4"))
            // Narrations of the same voice in the wrong order.
            let sample = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "services/understudy/Sample").path
            for (id, name) in zip(ids, ["seg_001", "seg_002", "seg_003"]) {
                try await make(stack, "\(id).mp3", "-i", "\(sample)/\(name).mp3", "-t", "1.5")
                try Data(contentsOf: URL(filePath: "\(stack.folder)/\(id).mp3")).write(
                    to: URL(filePath: stack.artifactPath("agent4/\(id).mp3")))
            }
            for (name, order) in [("ordered.mp4", [0, 1, 2]), ("swapped.mp4", [1, 0, 2])] {
                let narrations = order.flatMap { ["-i", "\(stack.folder)/\(ids[$0]).mp3"] }
                let padded = [3, 3, 4].enumerated().map { "[\($0 + 1)]apad=whole_dur=\($1)[a\($0)]" }.joined(
                    separator: ";")
                let encoded = try await Program.run(
                    "/usr/bin/ffmpeg",
                    ["-v", "error", "-y", "-f", "lavfi", "-i", picture] + narrations + [
                        "-filter_complex", "\(padded);[a0][a1][a2]concat=n=3:v=0:a=1[a]", "-map", "0", "-map", "[a]",
                        "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "\(stack.folder)/\(name)",
                    ])
                #expect(encoded.status == 0, "\(encoded.errors)")
            }
            expectAccepted(try await runJob(stack, "ordered.mp4"))
            expectRejected(
                try await runJob(stack, "swapped.mp4"), "lacks the narration of seg_1: something else is heard")
            for id in ids { try await stack.writeNarration(id, seconds: 2.5) }
            // Only the end of the last narration is missing.
            try await makeFilm(stack, "cut.mp4", picture, "sine=f=500:d=7")
            expectRejected(try await runJob(stack, "cut.mp4"), "lacks the narration of seg_3: heard for 1.")
        }
    }

    @Test
    func `black and frozen pictures are warnings with times, and above a share the reason of a takeover`() async throws
    {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [5, 5])
            let moving = "testsrc2=s=320x180:r=30"
            let coded = ["-c:v", "libx264", "-pix_fmt", "yuv420p"]
            func join(_ name: String, _ first: String, _ second: String) async throws {
                let encoded = try await Program.run(
                    "/usr/bin/ffmpeg",
                    [
                        "-v", "error", "-y", "-f", "lavfi", "-i", first, "-f", "lavfi", "-i", second,
                        "-filter_complex", "concat=n=2",
                    ] + coded + ["\(stack.folder)/\(name)"])
                #expect(encoded.status == 0, "\(encoded.errors)")
            }
            try await join("dark.mp4", "\(moving):d=3", "color=black:s=320x180:r=30:d=7")
            let dark = try await runJob(stack, "dark.mp4")
            expectAccepted(dark)
            #expect(
                dark.warnings.contains("Agent5's film is black for 7.0 s of 10.0 s: 3.0 to 10.0 s"), "\(dark.warnings)")
            let receipt = try await stack.connect("orchestrator").call(
                OrchestratorAPI.receipt, JobReference(jobID: dark.jobID))
            #expect(receipt.warnings == dark.warnings)
            expectRejected(
                try await runJob(stack, "dark.mp4", ["lead_fault_share": 0.5]), "is black for 7.0 s of 10.0 s")
            try await join("night.mp4", "\(moving):d=0.5", "color=black:s=320x180:r=30:d=9.5")
            expectRejected(try await runJob(stack, "night.mp4"), "is black for 9.5 s of 10.0 s: 0.5 to 10.0 s")
            try await join("stuck.mp4", "\(moving):d=0.5", "color=teal:s=320x180:r=30:d=9.5")
            expectRejected(try await runJob(stack, "stuck.mp4"), "shows the same picture for 9.5 s")
            try await make(
                stack, "grain.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "10", "-vf",
                "select='eq(n,0)',loop=-1:1,setpts=N/30/TB,noise=alls=4:allf=t", "-r", "30", "-c:v", "libx264",
                "-pix_fmt", "yuv420p")
            expectRejected(try await runJob(stack, "grain.mp4"), "shows the same picture throughout")
            // A slide show, whose picture changes with the segment.
            try await join("slides.mp4", "color=teal:s=320x180:r=30:d=5", "color=red:s=320x180:r=30:d=5")
            let slides = try await runJob(stack, "slides.mp4")
            expectAccepted(slides)
            #expect(slides.warnings.contains { $0.contains("is frozen for 10.0 s") })
            let wrong = try await stack.understudy(
                "run", "--user", "u", "--session", "s", "--option", "lead_fault_share=2")
            #expect(wrong.status == 1 && wrong.errors.contains("lead_fault_share"), "\(wrong.errors)")
        }
    }

    @Test
    func `final.mp4 is a playable MP4, whatever container and codecs the lead delivered`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            for id in ids { try await stack.writeNarration(id, seconds: 0.5) }
            for (name, codecs, isCopied) in [
                ("film.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-c:a", "libopus"], false),
                ("film.mkv", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "libvorbis"], true),
                ("film.mov", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le"], true),
                ("film.ts", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"], true),
                (
                    "fields.mp4",
                    [
                        "-vf", "fps=60,tinterlace=mode=interleave_top,setfield=tff", "-c:v", "libx264", "-pix_fmt",
                        "yuv420p", "-flags", "+ildct+ilme", "-x264-params", "tff=1", "-c:a", "aac",
                    ], false
                ),
                ("film.avi", ["-c:v", "mpeg4", "-bf", "2", "-q:v", "3", "-c:a", "libmp3lame"], false),
                // An empty chunk repeats the picture.
                ("repeating.avi", ["-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame"], false),
            ] {
                let encoded = try await Program.run(
                    "/usr/bin/ffmpeg",
                    [
                        "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-f", "lavfi", "-i",
                        "sine=f=500:d=2",
                    ] + codecs + ["\(stack.folder)/\(name)"])
                #expect(encoded.status == 0, "\(encoded.errors)")
                let view = try await runJob(stack, name)
                expectAccepted(view)
                #expect(view.videoURL == "file://\(final(stack))")
                #expect(view.agents[.lead]?.message == "the film is ready (2.0 s)", "\(name)")
                #expect(try await FilmInspection.decodingErrors(final(stack)) == "", "\(name)")
                let probe = try await Program.run(
                    "/usr/bin/ffprobe",
                    [
                        "-v", "error", "-show_entries",
                        "format=format_name,duration:stream=codec_name,nb_frames,field_order:"
                            + "format_tags=major_brand", final(stack),
                    ]
                ).output
                #expect(probe.contains("codec_name=h264") && probe.contains("codec_name=aac"), "\(name) \(probe)")
                let count = name == "repeating.avi" ? 61 : 60
                #expect(probe.contains("nb_frames=\(count)") && !probe.contains("major_brand=qt"), "\(name) \(probe)")
                #expect(probe.contains("field_order=progressive"), "\(name) \(probe)")
                let bytes = try Data(contentsOf: URL(filePath: final(stack)))
                #expect(bytes[4..<8] == Data("ftyp".utf8), "\(name)")
                let (moov, mdat) = (bytes.firstRange(of: Data("moov".utf8)), bytes.firstRange(of: Data("mdat".utf8)))
                #expect(try #require(moov).lowerBound < #require(mdat).lowerBound, "\(name)")
                if isCopied {
                    #expect(try await frames("\(stack.folder)/\(name)") == frames(final(stack)), "\(name)")
                }
            }
        }
    }

    /// The checksums of the decoded pictures.
    private func frames(_ file: String) async throws -> [Substring] {
        try await Program.run("/usr/bin/ffmpeg", ["-v", "error", "-i", file, "-map", "0:v", "-f", "framemd5", "-"])
            .output.split(separator: "\n").filter { $0.hasPrefix("0,") }
            .compactMap { $0.split(separator: ",").last }
    }

    @Test
    func `with fallback by segments, a fault of a whole film replaces the faulty segment only`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [2, 2, 2])
            for id in ids { try await stack.writeNarration(id, seconds: 1.5) }
            // The second narration is missing, and the third segment is good.
            try await make(
                stack, "gap.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=6", "-f", "lavfi", "-i",
                "sine=f=500:d=6", "-af", "volume=0:enable='between(t,2,4)'", "-c:v", "libx264", "-pix_fmt", "yuv420p",
                "-c:a", "aac")
            let gap = try await runJob(stack, "gap.mp4", ["fallback": "segments"])
            #expect(gap.state == .finished, "\(gap.error?.message ?? "")")
            #expect(gap.segments.map(\.maker) == [.lead, .understudy, .lead], "\(gap.warnings)")
            #expect(gap.agents[.lead]?.message.contains("lacks the narration of seg_2") == true)
            #expect(try await FilmInspection.decodingErrors(final(stack)) == "")
            #expect(try await FilmInspection.probe(final(stack)).contains("nb_frames=180"))
            for second in [0.0, 2, 4] {
                #expect(abs(try #require(try await FilmInspection.onset(final(stack), at: second))) < 0.05, "\(second)")
            }
            let receipt = try await stack.connect("orchestrator").call(
                OrchestratorAPI.receipt, JobReference(jobID: gap.jobID))
            #expect(receipt.wasted == .zero && receipt.costs.lead == USD(0.15))
            expectRejected(try await runJob(stack, "gap.mp4"), "lacks the narration of seg_2")
            try await make(
                stack, "dark.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=6", "-f", "lavfi", "-i",
                "sine=f=500:d=6", "-vf", "drawbox=t=fill:color=black:enable='between(t,4,6)'", "-c:v", "libx264",
                "-pix_fmt", "yuv420p", "-c:a", "aac")
            let dark = try await runJob(stack, "dark.mp4", ["fallback": "segments"])
            #expect(dark.segments.map(\.maker) == [.lead, .lead, .understudy], "\(dark.warnings)")
            // A wrong length cannot be attributed to a segment.
            try await makeFilm(stack, "short.mp4", "testsrc2=s=320x180:r=30:d=4", "sine=f=500:d=4")
            expectRejected(try await runJob(stack, "short.mp4", ["fallback": "segments"]), "lasts 4.0 s")
        }
    }

    @Test
    func `clips keep their own sound, and only a film without any sound is reported as silent`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1, 1])
            try await makeFilm(stack, "heard.mp4", "testsrc2=s=320x180:r=30:d=1", "sine=f=500:d=1")
            try await makeFilm(stack, "black.mp4", "color=black:s=320x180:r=30:d=1", "sine=f=500:d=1")
            func clips(_ names: String...) -> JSONValue {
                let list = names.enumerated().map { index, name -> JSONValue in
                    ["segment_id": .string("seg_\(index + 1)"), "clip": .string(name)]
                }
                return ["clips": .array(list)]
            }
            let view = try await runJob(stack, step: clips("heard.mp4", "heard.mp4"))
            expectAccepted(view)
            #expect(!view.warnings.contains { $0.contains("silent") }, "\(view.warnings)")
            #expect(view.warnings.contains { $0.contains("no narration was found") })
            #expect(abs(try #require(try await FilmInspection.onset(final(stack), at: 0))) < 0.05)
            #expect(abs(try #require(try await FilmInspection.onset(final(stack), at: 1))) < 0.05)
            try await stack.writeNarration("seg_1", seconds: 1.9)
            let cut = try await runJob(stack, step: clips("heard.mp4", "heard.mp4"))
            #expect(cut.warnings.contains { $0.hasPrefix("seg_1: the narration is 0.9 s longer") }, "\(cut.warnings)")
            #expect(cut.state == .finished && cut.agents[.understudy]?.status != .processing)
            try FileManager.default.removeItem(atPath: stack.artifactPath("agent4/seg_1.mp3"))
            let mixed = try await runJob(stack, step: clips("heard.mp4", "black.mp4"), ["fallback": "segments"])
            #expect(mixed.segments.map(\.maker) == [.lead, .understudy], "\(mixed.warnings)")
            #expect(mixed.agents[.lead]?.message == "Agent5's clip of seg_2 is black throughout")
            #expect(abs(try #require(try await FilmInspection.onset(final(stack), at: 0))) < 0.05)
            try stack.write(
                "{\"calls\": [{\"steps\": [{\"fail\": {\"kind\": \"quota_exhausted\", \"message\": \"no\"}}]}]}",
                to: "\(stack.folder)/script.json")
            let silent = try await stack.runJob()
            #expect(silent.warnings.contains("the film is silent"), "\(silent.warnings)")
        }
    }
}
