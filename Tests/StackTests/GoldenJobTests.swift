import Contracts
import Foundation
import JSON
import Testing

/// What a fixed set of jobs says on the wire and leaves in files, against `Golden/`: a change here is a change for every user.
@Suite(.serialized) struct GoldenJobTests {
    private static let start: JSONValue = [
        "width": 320, "height": 180, "captions": "sidecar", "image_concurrency": 1,
    ]

    /// As `LiveStack.failing`; its report is out before it fails.
    private static let failing = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"}, {"wait_ms": 500},
          {"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}]}]}
        """

    @Test("a lead without credit: the understudy makes the film")
    func takeover() async throws {
        // A clip is narrated while the film is stitched.
        try await play("takeover", script: Self.failing, isOrdered: false) { scene in
            try await scene.stack.narrate("seg_1", seconds: 0.8)
            try await scene.run()
        }
    }

    @Test("a lead that delivers")
    func lead() async throws {
        let script = """
            {"calls": [{"steps": [{"progress": 0.5, "message": "rendering"}, {"wait_ms": 500},
              {"video": "film.mp4", "cost_usd": 0.15}]}]}
            """
        try await play("lead", script: script) { scene in
            try await scene.film("film.mp4", seconds: 1)
            try await scene.run()
        }
    }

    @Test("a lead that delivers one clip of two: the understudy makes the other")
    func segments() async throws {
        let script = """
            {"calls": [{"steps": [{"clips": [{"segment_id": "seg_1", "clip": "lead.mp4"},
              {"segment_id": "seg_2", "error": {"kind": "content_rejected", "message": "refused"}}], "cost_usd": 0.05}]}]}
            """
        try await play("segments", script: script, durations: [1, 1]) { scene in
            try await scene.film("lead.mp4", seconds: 1)
            try await scene.run(["fallback": "segments"])
        }
    }

    @Test("a slow lead that fails when the still is ready")
    func hedge() async throws {
        let script =
            #"{"calls": [{"steps": [{"wait_ms": 2500}, {"fail": {"kind": "timeout", "message": "too slow"}}]}]}"#
        try await play("hedge", script: script) { scene in
            try await scene.run(["hedge_after_s": 0.1])
        }
    }

    @Test("a film of stills that the lead's clip takes a place in, later")
    func upgrade() async throws {
        let script = """
            {"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]},
              {"steps": [{"clips": [{"segment_id": "seg_1", "clip": "lead.mp4"}], "cost_usd": 0.05}]}]}
            """
        try await play("upgrade", script: script) { scene in
            try await scene.film("lead.mp4", seconds: 1)
            let job = try await scene.run()
            try await scene.ask("orchestrator.upgrade", ["job_id": .string(job), "confirm_cost_usd": 0.1])
            try await scene.end()
        }
    }

    @Test("one segment with another prompt, after the end")
    func edit() async throws {
        try await play("edit", script: Self.failing, durations: [1, 1]) { scene in
            let job = try await scene.run()
            try await scene.ask(
                "orchestrator.retry",
                [
                    "job_id": .string(job), "only": ["seg_2"],
                    "edits": ["seg_2": ["prompt": "A quiet harbour at night"]],
                ])
            try await scene.end()
        }
    }

    @Test("neither the lead nor the understudy can make the film")
    func bothFail() async throws {
        try await play("both-fail", script: Self.failing, prices: #"{"image": {"card": 0.01}}"#) { scene in
            try await scene.run(["max_cost_usd": 0.001])
        }
    }

    @Test("a job that is cancelled while the lead works")
    func cancel() async throws {
        let script = #"{"calls": [{"steps": [{"progress": 0.5, "message": "rendering"}, {"wait_ms": 60000}]}]}"#
        try await play("cancel", script: script) { scene in
            try await scene.begin()
            try await scene.message { $0["message"] == "rendering" }
            try await scene.ask("orchestrator.cancel", ["job_id": .string(scene.job)])
            try await scene.end()
        }
    }

    @Test("the methods beside a job: estimate, breaker, the lead alone, the understudy alone")
    func methods() async throws {
        try await play("methods", script: Self.failing) { scene in
            try await scene.run()
            let session: JSONValue = ["user_id": "u", "session_id": "s", "options": Self.start]
            for method in ["orchestrator.estimate", "orchestrator.run_agent5"] { try await scene.ask(method, session) }
            try await scene.end()
            try await scene.ask("agent6.process", session)
            for action in ["get", "open", "close", "reset"] {
                try await scene.ask("orchestrator.breaker", ["agent": "Agent5", "action": .string(action)])
            }
            try await scene.ask("orchestrator.breaker", ["agent": "nobody", "action": "get"])
            try await scene.ask("orchestrator.status", ["job_id": "nobody"])
        }
    }

    /// Plays a job and compares what it said and left.
    ///
    /// - Parameter isOrdered: whether the messages of a job of one segment have one possible order.
    private func play(
        _ name: String, script: String, durations: [Double] = [1], prices: String = "{}", isOrdered: Bool = true,
        _ body: (GoldenScene) async throws -> Void
    ) async throws {
        let file = "/tmp/us-prices-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).json"
        try prices.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await TappedStack.with(script: script, ["UNDERSTUDY_PRICES": file]) { tapped in
            try tapped.stack.writeStoryboard(durations: durations)
            let scene = try await GoldenScene(tapped, options: Self.start, isOrdered: isOrdered && durations.count == 1)
            try await body(scene)
            try await scene.check(name)
        }
    }
}
