import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Leads that are paid for: Replicate, and servers that speak as OpenAI's videos API did.
@Suite(.serialized) struct VideoProvidersOnStackTests {
    private let folder = "/tmp/us-clips-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try #"{"lead": {"replicate": {"second": 0.1}, "openai-videos": {"clip": 0.05}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
    }

    private func clip(seconds: Int) async throws -> String {
        let path = "\(folder)/\(seconds).mp4"
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=640x360:r=24:d=\(seconds)", "-c:v", "libx264",
                "-preset", "ultrafast", "-pix_fmt", "yuv420p", path,
            ])
        #expect(made.status == 0, "\(made.errors)")
        return path
    }

    private func withReplicate(
        _ more: [String: String] = [:], _ body: (LiveStack, StandIn) async throws -> Void
    ) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let replicate = try StandIn("replicate")
        try replicate.ask(["deliver": .string(try await clip(seconds: 5))])
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "replicate", "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
            "UNDERSTUDY_REPLICATE_MODEL": "acme/film", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_PRICES": "\(folder)/prices.json",
        ]
        try await LiveStack.with(environment.merging(more) { $1 }) { try await body($0, replicate) }
    }

    private func withVideos(lengths: [Int], _ body: (LiveStack, StandIn) async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let videos = try StandIn("openai_videos")
        var clips: [String: JSONValue] = [:]
        for seconds in lengths { clips["\(seconds)"] = .string(try await clip(seconds: seconds)) }
        try videos.ask(["clips": .object(clips)])
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "openai-videos", "UNDERSTUDY_OPENAI_VIDEOS_URL": "\(videos.url)/v1",
            "OPENAI_API_KEY": "good-key", "UNDERSTUDY_PRICES": "\(folder)/prices.json",
        ]
        try await LiveStack.with(environment) { try await body($0, videos) }
    }

    @Test(
        "Replicate makes a clip for each segment, cut to its length, and the film has the narrations; it costs its price"
    )
    func film() async throws {
        try await withReplicate { stack, replicate in
            let ids = try stack.writeStoryboard(durations: [1, 2, 1.5])
            try await stack.narrate(ids[1], seconds: 1.5)
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead, .lead])
            #expect(view.costs.lead == USD(1.5) && view.costs.understudy == .zero, "\(view.costs.line)")
            let asked = try replicate.ask(["requests": true])["requests"]?.array ?? []
            #expect(asked.count == 3 && asked.allSatisfy { $0["body"]?["input"]?["duration"]?.double == 5 })
            let film = stack.place("agent5/final.mp4")
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=4.5"))
            let onset = try #require(try await Judge.onset(film, at: 1))
            #expect(abs(onset) < 0.05)
        }
    }

    @Test("one clip can be the whole film: the prompts of all segments together, cut to the film's length")
    func wholeFilm() async throws {
        try await withReplicate(["UNDERSTUDY_AGENT5_SCOPE": "film", "UNDERSTUDY_AGENT5_LENGTHS": "3-10"]) {
            stack, replicate in
            try stack.writeStoryboard(durations: [1, 2, 1.5])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == .zero && view.costs.lead == USD(0.5), "\(view.costs.line)")
            let asked = try replicate.ask(["requests": true])["requests"]?.array ?? []
            #expect(asked.count == 1 && asked[0]["body"]?["input"]?["duration"] == 5)
            let prompt = asked[0]["body"]?["input"]?["prompt"]?.string ?? ""
            #expect(prompt.split(separator: "\n\n").count == 3)
            let film = stack.place("agent5/final.mp4")
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=4.5"))
        }
    }

    @Test("nothing is ordered that costs more than the job may; the understudy takes over")
    func limit() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let view = try await stack.job(["max_cost_usd": 1])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(Set(view.segments.map(\.maker)) == [.understudy] && view.costs.lead == .zero)
            #expect(try replicate.ask(["requests": true])["requests"]?.array?.isEmpty == true)
            let receipt = try String(contentsOfFile: stack.place("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("3 clips cost $1.50, more than the limit max_cost_usd of $1.00"), "\(receipt)")
        }
    }

    @Test("a refused order is repeated once after the time that was told; a paid clip is fetched again, not made again")
    func again() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.ask([
                "misbehave": [
                    ["status": 429, "body": ["detail": "throttled"], "headers": ["Retry-After": "1"]],
                    ["downloads": [503]],
                ]
            ])
            let view = try await stack.job()
            #expect(view.state == .finished && view.segments.map(\.maker) == [.lead])
            let seen = try replicate.ask(["requests": true])
            #expect(seen["requests"]?.array?.count == 2 && seen["downloads"] == 2)
        }
    }

    @Test("of a half-failed lead the good clips are kept; its words are in the receipt")
    func halfFailed() async throws {
        try await withReplicate(["UNDERSTUDY_AGENT5_CONCURRENCY": "1"]) { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            try replicate.ask(["misbehave": [[:], ["end": "failed", "error": "NSFW content detected"]]])
            let view = try await stack.job(["fallback": "segments"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .understudy, .lead])
            let receipt = try String(contentsOfFile: stack.place("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("NSFW content detected"))
        }
    }

    @Test("who cancels the job cancels the predictions")
    func cancelled() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1])
            try replicate.ask(["misbehave": [["stay": true], ["stay": true]]])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s"))
            while try replicate.ask(["requests": true])["requests"]?.array?.count != 2 {
                try await Task.sleep(for: .milliseconds(20))
            }
            _ = try await orchestrator.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            while try replicate.ask(["requests": true])["cancelled"]?.array?.count != 2 {
                try await Task.sleep(for: .milliseconds(20))
            }
        }
    }

    @Test("without credit the rest is not asked for, and the understudy takes over at once")
    func quota() async throws {
        try await withReplicate(["UNDERSTUDY_AGENT5_CONCURRENCY": "1"]) { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            try replicate.ask([
                "misbehave": [
                    ["status": 402, "body": ["title": "Insufficient credit", "detail": "You have no credit"]]
                ]
            ])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(Set(view.segments.map(\.maker)) == [.understudy])
            #expect(try replicate.ask(["requests": true])["requests"]?.array?.count == 1)
            let receipt = try String(contentsOfFile: stack.place("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("You have no credit"))
        }
    }

    @Test(
        "a videos API gives clips of 4, 8 and 12 s: longer ones are cut, the longest holds its last picture"
    )
    func openAIVideos() async throws {
        try await withVideos(lengths: [4, 8, 12]) { stack, videos in
            try stack.writeStoryboard(durations: [3, 6, 13])
            try videos.ask(["misbehave": [["questions": [500, 429]]]])
            let view = try await stack.job(["width": 640, "height": 360])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead, .lead])
            #expect(view.costs.lead == USD(0.15))
            let asked = try videos.ask(["requests": true])["requests"]?.array ?? []
            #expect(Set(asked.compactMap { $0["seconds"]?.string }) == ["4", "8", "12"])
            let film = stack.place("agent5/final.mp4")
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=22.0"))
        }
    }

    @Test(
        "what a videos API refuses, and what it delivers that is no video, is told, and the understudy takes over",
        arguments: zip(
            [
                ["end": "failed", "error": ["code": "moderation_blocked", "message": "not this"]],
                ["content": "no video at all"], ["raw": "<html>"],
            ] as [JSONValue],
            [
                "openai-videos: not this", "openai-videos's video_1 may have been billed",
                "names no order, it is a web page: check UNDERSTUDY_OPENAI_VIDEOS_URL",
            ]))
    func openAIVideosFail(_ fault: JSONValue, _ words: String) async throws {
        try await withVideos(lengths: [4]) { stack, videos in
            try stack.writeStoryboard(durations: [1])
            try videos.ask(["misbehave": .array(Array(repeating: fault, count: 8))])
            let view = try await stack.job(["width": 640, "height": 360])
            #expect(view.state == .finished && view.segments.map(\.maker) == [.understudy])
            let receipt = try String(contentsOfFile: stack.place("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains(words), "\(receipt)")
        }
    }
}
