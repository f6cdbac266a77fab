// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import TestSupport
import Testing

/// Whole films by the real executables.
@Suite(.serialized, .timeLimit(.minutes(5))) struct FilmOnStackTests {
    @Test
    func `the demo reports why the lead failed, and makes a film that ffmpeg decodes without errors`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let demo = try await stack.understudy("demo", "--store", stack.store)
        #expect(demo.status == 0, "\(demo.errors)")
        for text in [
            "Why the lead failed: You exceeded your current quota",
            "Agent6 processing: Agent5 failed, starting Agent6 fallback...",
            "Agent2: $0.00 | Agent4: $0.00 | Agent5: $0.00 | Agent6: $0.004 | Total: $0.004", "STAGE", "stitch",
        ] {
            #expect(demo.output.contains(text), "\(text)")
        }
        let film = stack.artifactPath("agent5/final.mp4", user: "demo", session: "lighthouse")
        let receipt = stack.artifactPath("agent5/receipt.json", user: "demo", session: "lighthouse")
        #expect(demo.output.contains("understudy receipt \(receipt)\n"))
        #expect(
            try await stack.understudy("receipt", receipt).output.contains("seg_001 to seg_004: Agent6, from a card"))
        let probe = try await FilmInspection.probe(film)
        for text in [
            "codec_name=h264", "profile=High", "width=1920", "height=1080", "pix_fmt=yuv420p", "color_space=bt709",
            "avg_frame_rate=30/1", "codec_name=aac", "sample_rate=48000", "nb_frames=1800", "format|duration=60.0",
        ] {
            #expect(probe.contains(text), "\(text)")
        }
        #expect(try await FilmInspection.decodingErrors(film) == "")
        for segment in 0..<4 {
            let found = try #require(try await FilmInspection.onset(film, at: Double(segment) * 15))
            #expect(abs(found) < 0.010, "segment \(segment): \(found) s")
        }
        for name in ["seg_001.png", "seg_004_clip.mp4", "receipt.json"] {
            #expect(
                FileManager.default.fileExists(
                    atPath: stack.artifactPath("agent5/\(name)", user: "demo", session: "lighthouse")))
        }
    }

    @Test
    func `films of 1, 2, 7 and 40 segments last as long as their storyboards, and each step is logged`() async throws {
        try await LiveStack.with { stack in
            for durations in [
                [1.5], [0.1, 2], [0.35, 0.35, 0.35, 1, 0.5, 0.7, 0.9], Array(repeating: 0.4, count: 40),
            ] {
                let ids = try stack.writeStoryboard(durations: durations)
                try? FileManager.default.removeItem(atPath: stack.artifactPath("agent4"))
                try await stack.writeNarration(ids[0], seconds: 0.2)
                let view = try await stack.runJob(["mode": durations.count == 7 ? "fade" : "simple"])
                #expect(view.state == .finished, "\(view.error?.message ?? "")")
                #expect(view.segments.allSatisfy { $0.maker == .understudy && $0.state == .done })
                #expect(view.costs.understudy == USD(0.001) * durations.count)
                let film = stack.artifactPath("agent5/final.mp4")
                let frames = Int((durations.reduce(0, +) * 30).rounded())
                #expect(try await FilmInspection.probe(film).contains("nb_frames=\(frames)"))
                #expect(try await FilmInspection.decodingErrors(film) == "")
                #expect(abs(try #require(try await FilmInspection.onset(film, at: 0))) < 0.010)
                // One warning for each segment without a narration, and one for a narration that is longer than its segment.
                let cut = durations[0] < 0.2 ? 1 : 0
                if durations.count > 1 { #expect(view.warnings.count == durations.count - 1 + cut) }
                let kinds = try await logged(stack, view.jobID)
                #expect(kinds["segment_generation"] == durations.count * 2)
                #expect(kinds["mediaconvert_job"] == 1 && kinds["final_video"] == 1 && kinds["cost_breakdown"] == 1)
            }
            let orchestrator = try await stack.connect("orchestrator")
            let stats = try await orchestrator.call(ServiceStats.method, NoParams())
            #expect(stats.residentBytes < 80_000_000)
            let clipper = try await stack.connect("clipper").call(ServiceStats.method, NoParams())
            #expect(clipper.residentBytes < 500_000_000)
        }
    }

    @Test
    func `a good film of the lead is used as it is; a faulty one is replaced by the understudy's`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            for id in ids { try await stack.writeNarration(id, seconds: 0.5) }
            for (name, picture, sound) in [
                ("good", "testsrc2=s=640x360:d=2:r=30", "sine=f=500:d=2"),
                ("short", "testsrc2=s=640x360:d=1:r=30", "sine=f=500:d=1"),
                ("black", "color=black:s=640x360:d=2:r=30", "sine=f=500:d=2"),
                ("frozen", "color=teal:s=640x360:d=2:r=30", "sine=f=500:d=2"),
                ("silent", "testsrc2=s=640x360:d=2:r=30", "anullsrc=d=2"),
            ] {
                _ = try await Program.run(
                    "/usr/bin/ffmpeg",
                    [
                        "-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound, "-c:v",
                        "libx264", "-c:a", "aac", "\(stack.folder)/\(name).mp4",
                    ])
            }
            try "no film".write(toFile: "\(stack.folder)/text.mp4", atomically: true, encoding: .utf8)
            func runJob(withFilm film: String) async throws -> JobView {
                try stack.write(
                    "{\"calls\": [{\"steps\": [{\"video\": \"\(film).mp4\", \"cost_usd\": 0.15}]}]}",
                    to: "\(stack.folder)/script.json")
                return try await stack.runJob()
            }
            let good = try await runJob(withFilm: "good")
            #expect(good.state == .finished)
            #expect(good.agents[.understudy] == nil)
            #expect(good.segments.allSatisfy { $0.maker == .lead })
            #expect(good.costs.total == USD(0.15))
            #expect(!FileManager.default.fileExists(atPath: stack.artifactPath("agent5/seg_1.png")))
            #expect(
                try Data(contentsOf: URL(filePath: stack.artifactPath("agent5/final.mp4")))
                    == Data(contentsOf: URL(filePath: "\(stack.folder)/good.mp4")))
            for (film, reason) in [
                ("short", "expected 2.0 s"), ("text", "not a readable media file"), ("missing", "does not exist"),
                ("black", "is black throughout"), ("frozen", "the same picture"), ("silent", "is silent"),
            ] {
                _ = try await stack.connect("orchestrator").call(
                    OrchestratorAPI.breaker, BreakerRequest(agent: "agent5", action: .reset))
                let view = try await runJob(withFilm: film)
                #expect(view.state == .finished, "\(view.error?.message ?? "")")
                #expect(view.agents[.lead]?.status == .error)
                #expect(
                    view.agents[.lead]?.message.contains(reason) == true, "\(view.agents[.lead]?.message ?? "")")
                #expect(view.segments.allSatisfy { $0.maker == .understudy })
            }
        }
    }

    @Test
    func `the good clips of a lead that fails in part are used, and the maker of each segment is reported`()
        async throws
    {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [1, 1, 1])
            for id in ids { try await stack.writeNarration(id, seconds: 0.5) }
            _ = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=1280x720:d=1:r=25", "-c:v", "libx264",
                    "\(stack.folder)/good.mp4",
                ])
            try "no film".write(toFile: "\(stack.folder)/bad.mp4", atomically: true, encoding: .utf8)
            try stack.write(
                """
                {"calls": [{"steps": [{"clips": [{"segment_id": "seg_1", "clip": "bad.mp4"},
                  {"segment_id": "seg_2", "clip": "good.mp4"},
                  {"segment_id": "seg_3", "error": {"kind": "content_rejected", "message": "unsafe"}}],
                  "cost_usd": 0.15}]}]}
                """, to: "\(stack.folder)/script.json")
            let view = try await stack.runJob(["fallback": "segments"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.understudy, .lead, .understudy])
            #expect(view.costs.lead == USD(0.15))
            let receipt = try await stack.connect("orchestrator").call(
                OrchestratorAPI.receipt, JobReference(jobID: view.jobID))
            #expect(receipt.segments.map(\.maker) == [.understudy, .lead, .understudy])
            #expect(receipt.candidates == nil && receipt.wasted == .zero)
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.probe(film).contains("nb_frames=90"))
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(abs(try #require(try await FilmInspection.onset(film, at: 1))) < 0.010)
        }
    }

    @Test
    func `an audio file that is text, or empty, is a warning, and the film is made`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [1, 1, 1])
            try await stack.writeNarration(ids[0], seconds: 0.5)
            try stack.write("these are words", to: stack.artifactPath("agent4/seg_2.mp3"))
            try stack.write("", to: stack.artifactPath("agent4/seg_3.wav"))
            let view = try await stack.runJob()
            #expect(view.state == .finished)
            #expect(view.warnings.count == 2)
            #expect(try await FilmInspection.decodingErrors(stack.artifactPath("agent5/final.mp4")) == "")
        }
    }

    @Test
    func `a faulty storyboard is one error that names each fault, and no file is written`() async throws {
        try await LiveStack.with { stack in
            let board = "\(stack.folder)/board.json"
            for (text, parts) in [
                (
                    "{\"segments\": [{\"id\": \"../a\", \"duration\": -1, \"visual_guidance\": \"\"}]}",
                    ["/segments/0/id", "/segments/0/duration", "/segments/0/visual_guidance"]
                ),
                ("{\"segments\": [", ["is not JSON"]), ("", ["is empty"]), ("{\"segments\": []}", ["/segments"]),
                ("{\"segments\": [{\"id\": \"a\", \"duration\": NaN, \"visual_guidance\": \"x\"}]}", ["is not JSON"]),
            ] {
                try text.write(toFile: board, atomically: true, encoding: .utf8)
                let run = try await stack.understudy("run", "--user", "u", "--session", "s", "--storyboard", board)
                #expect(run.status == 1)
                for part in parts { #expect(run.errors.contains(part), "\(run.errors)") }
                #expect(!FileManager.default.fileExists(atPath: stack.artifactPath("agent2/storyboard.json")))
                #expect(!FileManager.default.fileExists(atPath: stack.artifactPath("agent5")))
            }
            let missing = try await stack.runJob()
            #expect(missing.state == .error && missing.error?.kind == .notFound)
            let outside = try await stack.understudy("run", "--user", "../x", "--session", "s")
            #expect(outside.status == 1 && outside.errors.contains("/user_id"))
            let option = try await stack.understudy("run", "--user", "u", "--session", "s", "--option", "fade_sec=1")
            #expect(option.status == 1 && option.errors.contains("did you mean fade_s?"))
        }
    }

    @Test
    func `agent6.process reports progress and replies with the film, and a cancelled call cancels the job`()
        async throws
    {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1, 1])
            let connection = try await stack.connect("orchestrator")
            let (messages, input) = AsyncStream.makeStream(of: ProgressReport.self)
            let result = try await connection.call(
                OrchestratorAPI.agent6, StartJob(userID: "u", sessionID: "s", options: .small),
                onProgress: { input.yield($0) })
            #expect(result.videoURL == "file://\(stack.artifactPath("agent5/final.mp4"))")
            #expect(result.segments.count == 2)
            var seen = messages.makeAsyncIterator()
            let first = try #require(await seen.next())
            #expect(first.extra["agentNumber"] == "Agent6" && first.extra["jobId"] == .string(result.jobID))

            try stack.writeStoryboard(durations: Array(repeating: 5, count: 60), session: "long")
            let caller = Task {
                try await connection.call(
                    OrchestratorAPI.agent6, StartJob(userID: "u", sessionID: "long", options: .small),
                    onProgress: { input.yield($0) })
            }
            while let report = await seen.next(), report.extra["sessionId"] != "long" {}
            caller.cancel()
            await #expect(throws: CancellationError.self) { try await caller.value }
            let jobs = try await connection.call(OrchestratorAPI.list, ListJobs(limit: 1))
            #expect(try await stack.waitForEnd(of: jobs.jobs[0].jobID).state == .cancelled)
        }
    }

    /// The number of logged events of a job, by type. Waits for the last event, which is sent after the job has ended.
    private func logged(_ stack: LiveStack, _ job: String) async throws -> [String: Int] {
        let logger = try await stack.connect("logger")
        return try await firstValue("the costs of the job are logged") { () async throws -> [String: Int]? in
            let tail = try await logger.call(LoggerAPI.tail, TailEvents(jobID: job, limit: 1000))
            let counts = Dictionary(grouping: tail.events, by: \.eventType).mapValues(\.count)
            return counts["cost_breakdown"] == nil ? nil : counts
        }
    }
}
