// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import JSON
import TestSupport
import Testing

/// The messages, calls and files of a fixed set of jobs, compared with `Golden/`. A difference is a change for every user.
@Suite(.serialized, .timeLimit(.minutes(3))) struct GoldenJobTests {
    private static let start: JSONValue = [
        "width": 320, "height": 180, "captions": "sidecar", "image_concurrency": 1,
    ]

    /// As `LiveStack.failing`, with a pause, so that the progress report is sent before the failure.
    private static let failing = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"}, {"wait_ms": 500},
          {"fail": {"kind": "quota_exhausted", "message": "You exceeded your current quota", "provider": "acme"}}]}]}
        """

    @Test
    func `the job of a lead without credit`() async throws {
        // The narration is added to the clip while the film is stitched.
        try await compare("takeover", script: Self.failing, isOrdered: false) { job in
            try await job.stack.writeNarration("seg_1", seconds: 0.8)
            try await job.run()
        }
    }

    @Test
    func `the job of a lead that delivers a film`() async throws {
        let script = """
            {"calls": [{"steps": [{"progress": 0.5, "message": "rendering"}, {"wait_ms": 500},
              {"video": "film.mp4", "cost_usd": 0.15}]}]}
            """
        try await compare("lead", script: script) { job in
            try await job.makeFilm("film.mp4", seconds: 1)
            try await job.run()
        }
    }

    @Test
    func `the job of a lead that delivers one clip of two`() async throws {
        let script = """
            {"calls": [{"steps": [{"clips": [{"segment_id": "seg_1", "clip": "lead.mp4"},
              {"segment_id": "seg_2", "error": {"kind": "content_rejected", "message": "refused"}}], "cost_usd": 0.05}]}]}
            """
        try await compare("segments", script: script, durations: [1, 1]) { job in
            try await job.makeFilm("lead.mp4", seconds: 1)
            try await job.run(["fallback": "segments"])
        }
    }

    @Test
    func `the job of a slow lead with a speculative still`() async throws {
        let script =
            #"{"calls": [{"steps": [{"wait_ms": 2500}, {"fail": {"kind": "timeout", "message": "too slow"}}]}]}"#
        try await compare("hedge", script: script) { job in
            try await job.run(["hedge_after_s": 0.1])
        }
    }

    @Test
    func `an upgrade of a still to the lead's clip`() async throws {
        let script = """
            {"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]},
              {"steps": [{"clips": [{"segment_id": "seg_1", "clip": "lead.mp4"}], "cost_usd": 0.05}]}]}
            """
        try await compare("upgrade", script: script) { job in
            try await job.makeFilm("lead.mp4", seconds: 1)
            let id = try await job.run()
            try await job.call("orchestrator.upgrade", ["job_id": .string(id), "confirm_cost_usd": 0.1])
            try await job.waitForEnd()
        }
    }

    @Test
    func `a retry of one segment with another prompt`() async throws {
        try await compare("edit", script: Self.failing, durations: [1, 1]) { job in
            let id = try await job.run()
            try await job.call(
                "orchestrator.retry",
                [
                    "job_id": .string(id), "only": ["seg_2"],
                    "edits": ["seg_2": ["prompt": "A quiet harbour at night"]],
                ])
            try await job.waitForEnd()
        }
    }

    @Test
    func `a job whose lead and understudy fail`() async throws {
        try await compare("both-fail", script: Self.failing, prices: #"{"image": {"card": 0.01}}"#) { job in
            try await job.run(["max_cost_usd": 0.001])
        }
    }

    @Test
    func `a job that is cancelled while the lead works`() async throws {
        let script = #"{"calls": [{"steps": [{"progress": 0.5, "message": "rendering"}, {"wait_ms": 60000}]}]}"#
        try await compare("cancel", script: script) { job in
            try await job.start()
            try await job.waitForMessage { $0["message"] == "rendering" }
            try await job.call("orchestrator.cancel", ["job_id": .string(job.id)])
            try await job.waitForEnd()
        }
    }

    @Test
    func `the other methods: estimate, breaker, run_agent5, agent6.process`() async throws {
        try await compare("methods", script: Self.failing) { job in
            try await job.run()
            let session: JSONValue = ["user_id": "u", "session_id": "s", "options": Self.start]
            for method in ["orchestrator.estimate", "orchestrator.run_agent5"] { try await job.call(method, session) }
            try await job.waitForEnd()
            try await job.call("agent6.process", session)
            for action in ["get", "open", "close", "reset"] {
                try await job.call("orchestrator.breaker", ["agent": "Agent5", "action": .string(action)])
            }
            try await job.call("orchestrator.breaker", ["agent": "nobody", "action": "get"])
            try await job.call("orchestrator.status", ["job_id": "nobody"])
        }
    }

    /// Runs `body` with a job, and compares the result with a golden file.
    ///
    /// - Parameters:
    ///   - name: The file's name without `.json`.
    ///   - script: The script of the lead.
    ///   - durations: Seconds, one for each segment.
    ///   - isOrdered: Whether the messages of a job of one segment have one possible order.
    private func compare(
        _ name: String, script: String, durations: [Double] = [1], prices: String = "{}", isOrdered: Bool = true,
        _ body: (GoldenJob) async throws -> Void
    ) async throws {
        let file = TemporaryPath.new("prices", suffix: ".json")
        try prices.write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        try await TappedStack.with(script: script, ["UNDERSTUDY_PRICES": file]) { tapped in
            try tapped.stack.writeStoryboard(durations: durations)
            let job = try await GoldenJob(tapped, options: Self.start, isOrdered: isOrdered && durations.count == 1)
            try await body(job)
            try await job.compare(with: name)
        }
    }
}
