// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// Paid leads: Replicate, and servers with OpenAI's videos API.
@Suite(.serialized, .timeLimit(.minutes(4))) struct VideoProvidersOnStackTests {
    private let folder = TemporaryPath.new("clips")

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #"{"lead": {"replicate": {"second": 0.1}, "openai-videos": {"clip": 0.05}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
    }

    /// Makes a clip.
    ///
    /// - Returns: The path of the file.
    private func clip(seconds: Int) async throws -> String {
        let path = "\(folder)/\(seconds).mp4"
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=640x360:r=24:d=\(seconds)", "-c:v", "libx264",
                "-preset", "ultrafast", "-pix_fmt", "yuv420p", path,
            ])
        #expect(encoded.status == 0, "\(encoded.errors)")
        return path
    }

    /// Starts a stack whose lead is Replicate at $0.10 for a second, runs `body`, and stops the stack.
    private func withReplicate(
        _ extra: [String: String] = [:], _ body: (LiveStack, StandIn) async throws -> Void
    ) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let replicate = try StandIn("replicate")
        try replicate.send(["deliver": .string(try await clip(seconds: 5))])
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "replicate", "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
            "UNDERSTUDY_REPLICATE_MODEL": "acme/film", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_PRICES": "\(folder)/prices.json",
        ]
        try await LiveStack.with(environment.merging(extra) { $1 }) { try await body($0, replicate) }
    }

    /// Starts a stack whose lead is a videos API at $0.05 for a clip, runs `body`, and stops the stack.
    ///
    /// - Parameter lengths: The lengths of the clips that the API delivers. Seconds.
    private func withVideos(lengths: [Int], _ body: (LiveStack, StandIn) async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let videos = try StandIn("openai_videos")
        var clips: [String: JSONValue] = [:]
        for seconds in lengths { clips["\(seconds)"] = .string(try await clip(seconds: seconds)) }
        try videos.send(["clips": .object(clips)])
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "openai-videos", "UNDERSTUDY_OPENAI_VIDEOS_URL": "\(videos.url)/v1",
            "OPENAI_API_KEY": "good-key", "UNDERSTUDY_PRICES": "\(folder)/prices.json",
        ]
        try await LiveStack.with(environment) { try await body($0, videos) }
    }

    @Test
    func `Replicate makes a clip for each segment, cut to its length, and the film has the narrations`() async throws {
        try await withReplicate { stack, replicate in
            let ids = try stack.writeStoryboard(durations: [1, 2, 1.5])
            try await stack.writeNarration(ids[1], seconds: 1.5)
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead, .lead])
            #expect(view.costs.lead == USD(1.5) && view.costs.understudy == .zero, "\(view.costs.line)")
            let orders = try replicate.send(["requests": true])["requests"]?.array ?? []
            #expect(orders.count == 3 && orders.allSatisfy { $0["body"]?["input"]?["duration"]?.double == 5 })
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=4.5"))
            let onset = try #require(try await FilmInspection.onset(film, at: 1))
            #expect(abs(onset) < 0.05)
        }
    }

    @Test
    func `one clip can be the whole film, with the prompts of all segments, cut to the film's length`() async throws {
        try await withReplicate(["UNDERSTUDY_AGENT5_SCOPE": "film", "UNDERSTUDY_AGENT5_LENGTHS": "3-10"]) {
            stack, replicate in
            try stack.writeStoryboard(durations: [1, 2, 1.5])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == .zero && view.costs.lead == USD(0.5), "\(view.costs.line)")
            let orders = try replicate.send(["requests": true])["requests"]?.array ?? []
            #expect(orders.count == 1 && orders[0]["body"]?["input"]?["duration"] == 5)
            let prompt = orders[0]["body"]?["input"]?["prompt"]?.string ?? ""
            #expect(prompt.split(separator: "\n\n").count == 3)
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=4.5"))
        }
    }

    @Test
    func `the lead orders nothing beyond the budget, and the understudy takes over`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let view = try await stack.runJob(["max_cost_usd": 1])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(Set(view.segments.map(\.maker)) == [.understudy] && view.costs.lead == .zero)
            #expect(try replicate.send(["requests": true])["requests"]?.array?.isEmpty == true)
            let receipt = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("3 clips cost $1.50, more than the limit max_cost_usd of $1.00"), "\(receipt)")
        }
    }

    @Test
    func `a rejected order is repeated after Retry-After; a failed download is repeated without a second order`()
        async throws
    {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.send([
                "misbehave": [
                    ["status": 429, "body": ["detail": "throttled"], "headers": ["Retry-After": "1"]],
                    ["downloads": [503]],
                ]
            ])
            let view = try await stack.runJob()
            #expect(view.state == .finished && view.segments.map(\.maker) == [.lead])
            let seen = try replicate.send(["requests": true])
            #expect(seen["requests"]?.array?.count == 2 && seen["downloads"] == 2)
        }
    }

    @Test
    func `the good clips of a partly failed lead are used, and its error is in the receipt`() async throws {
        try await withReplicate(["UNDERSTUDY_AGENT5_CONCURRENCY": "1"]) { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            try replicate.send(["misbehave": [[:], ["end": "failed", "error": "NSFW content detected"]]])
            let view = try await stack.runJob(["fallback": "segments"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .understudy, .lead])
            let receipt = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("NSFW content detected"))
        }
    }

    @Test
    func `cancelling the job cancels its predictions, and books what they may have cost`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1])
            try replicate.send(["misbehave": [["stay": true], ["stay": true]]])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            func received() throws -> JSONValue { try replicate.send(["requests": true]) }
            try await until("both clips are ordered") { try received()["requests"]?.array?.count == 2 }
            _ = try await orchestrator.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .cancelled)
            #expect(view.costs.lead == .zero && view.unknown == USD(1) && view.wasted == nil, "\(view.costs.line)")
            try await until("both predictions are cancelled") { try received()["cancelled"]?.array?.count == 2 }
            let cancelled = (try received()["cancelled"]?.array ?? []).compactMap(\.string)
            #expect(Set(cancelled) == ["p1x", "p2x"])
            #expect(try received()["requests"]?.array?.count == 2, "nothing more is ordered")
        }
    }

    @Test
    func `without credit nothing more is ordered, and the understudy takes over at once`() async throws {
        try await withReplicate(["UNDERSTUDY_AGENT5_CONCURRENCY": "1"]) { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            try replicate.send([
                "misbehave": [
                    ["status": 402, "body": ["title": "Insufficient credit", "detail": "You have no credit"]]
                ]
            ])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(Set(view.segments.map(\.maker)) == [.understudy])
            #expect(try replicate.send(["requests": true])["requests"]?.array?.count == 1)
            let receipt = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("You have no credit"))
        }
    }

    @Test
    func `clips of a videos API are cut to their segments, or hold the last picture`() async throws {
        try await withVideos(lengths: [4, 8, 12]) { stack, videos in
            try stack.writeStoryboard(durations: [3, 6, 13])
            try videos.send(["misbehave": [["questions": [500, 429]]]])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead, .lead])
            #expect(view.costs.lead == USD(0.15))
            let orders = try videos.send(["requests": true])["requests"]?.array ?? []
            #expect(Set(orders.compactMap { $0["seconds"]?.string }) == ["4", "8", "12"])
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=22.0"))
        }
    }

    @Test(
        arguments: zip(
            [
                ["end": "failed", "error": ["code": "moderation_blocked", "message": "not this"]],
                ["content": "no video at all"], ["raw": "<html>"],
            ] as [JSONValue],
            [
                "openai-videos: not this", "openai-videos's video_1 has ended and is booked as billed",
                "contains no order ID, it is a web page: check UNDERSTUDY_OPENAI_VIDEOS_URL",
            ]))
    func `rejections and invalid files of a videos API are reported, and the understudy takes over`(
        _ fault: JSONValue, _ reason: String
    ) async throws {
        try await withVideos(lengths: [4]) { stack, videos in
            try stack.writeStoryboard(durations: [1])
            try videos.send(["misbehave": .array(Array(repeating: fault, count: 8))])
            let view = try await stack.runJob()
            #expect(view.state == .finished && view.segments.map(\.maker) == [.understudy])
            let receipt = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains(reason), "\(receipt)")
        }
    }
}
