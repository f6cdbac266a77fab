// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import StandIns
import TestSupport
import Testing

/// A lead and speculative stills that spend concurrently, counted by the stand-ins for both providers.
@Suite(.serialized, .timeLimit(.minutes(2))) struct PaidHedgeTests {
    private let folder = TemporaryPath.new("hedge")

    @Test
    func `lead and hedge share one budget: together they never exceed max_cost_usd`() async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #"{"lead": {"replicate": {"second": 0.1}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
        let (replicate, openAI) = (try StandIn("replicate"), try StandIn("openai_images"))
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "replicate", "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
            "UNDERSTUDY_REPLICATE_MODEL": "acme/film", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_PRICES": "\(folder)/prices.json", "UNDERSTUDY_BREAKER_FAILURES": "1000",
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key",
            "OPENAI_BASE_URL": "\(openAI.url)/v1",
        ]
        func count(_ standIn: StandIn) throws -> Int {
            try standIn.send(["requests": true])["requests"]?.array?.count ?? 0
        }
        try await LiveStack.with(environment) { stack in
            try stack.writeStoryboard(durations: [1, 1])
            try replicate.send(["misbehave": .array(Array(repeating: ["stay": true], count: 4))])
            // Two clips for $1.00 and two stills for $0.04 do not fit $1.02: the lead orders nothing.
            let refused = try await stack.runJob([
                "max_cost_usd": 1.02, "hedge_after_s": 0.5, "hedge_max_cost_usd": 0.04,
            ])
            #expect(refused.state == .finished, "\(refused.error?.message ?? "")")
            #expect(try count(replicate) == 0)
            #expect(refused.costs.total <= USD(1.02))
            // They fit $1.05.
            let stills = try count(openAI)
            let connection = try await stack.connect("orchestrator")
            try stack.write(
                #"{"segments": [{"id": "a", "duration": 1, "visual_guidance": "x"}, {"id": "b", "duration": 1, "visual_guidance": "y"}]}"#,
                to: stack.artifactPath("agent2/storyboard.json", session: "t"))
            let started = try await connection.call(
                "orchestrator.start",
                params: [
                    "user_id": "u", "session_id": "t",
                    "options": ["max_cost_usd": 1.05, "hedge_after_s": 0.5, "hedge_max_cost_usd": 0.04],
                ])
            let id = started["job_id"]?.string ?? ""
            try await until("two clips and two stills are ordered") {
                try count(replicate) >= 2 && count(openAI) >= stills + 2
            }
            _ = try await connection.call(OrchestratorAPI.cancel, JobReference(jobID: id))
            let view = try await stack.waitForEnd(of: id)
            #expect(view.costs.total + (view.unknown ?? .zero) <= USD(1.05))
            #expect(try count(replicate) == 2 && count(openAI) == stills + 2)
        }
    }
}
