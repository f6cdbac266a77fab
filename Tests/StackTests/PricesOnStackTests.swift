// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import TestSupport
import Testing

/// Prices and estimates with the real executables.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PricesOnStackTests {
    private static let prices = """
        {"image": {"card": 0.005}, "clip": 0.002, "stitch": {"local": 0.01}}
        """

    /// Starts a stack whose services read a price list, runs `body`, and stops the stack.
    private func withPrices(_ text: String, _ body: (LiveStack) async throws -> Void) async throws {
        let path = TemporaryPath.new("prices", suffix: ".json")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await LiveStack.with(["UNDERSTUDY_PRICES": path], body)
    }

    @Test
    func `a job costs what its dry run estimates, with one price list for all services`() async throws {
        try await withPrices(Self.prices) { stack in
            try stack.writeStoryboard(durations: [1, 1, 1])
            let dry = try await stack.understudy("run", "--user", "u", "--session", "s", "--dry-run", "--json")
            let estimate = try JSONCoding.decode(Estimate.self, from: Data(dry.output.utf8))
            #expect(estimate.segments == 3 && estimate.filmDuration == 3 && estimate.isWithinBudget)
            #expect(estimate.calls.map(\.count) == [3, 3, 1, 1])
            #expect(estimate.cost == USD(0.031))
            let jobs = try await stack.connect("orchestrator").call(OrchestratorAPI.list, ListJobs())
            #expect(jobs.jobs.isEmpty)
            let view = try await stack.runJob(["max_cost_usd": 0.031])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.total == estimate.cost)
        }
    }

    @Test
    func `a dry run estimates local inputs without writing to the store`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        try stack.write(
            "{\"segments\": [{\"id\": \"one\", \"duration\": 2, \"visual_guidance\": \"The sea\"}]}",
            to: "\(stack.folder)/in/board.json")
        try stack.write("sound", to: "\(stack.folder)/in/one.mp3")
        let dry = try await stack.understudy(
            "run", "--user", "u", "--session", "s", "--storyboard", "\(stack.folder)/in/board.json", "--audio",
            "\(stack.folder)/in", "--dry-run", "--option", "max_cost_usd=0.0005")
        #expect(dry.status == 0, "\(dry.errors)")
        #expect(dry.output.hasPrefix("1 segment, 2.00 s of film. If Agent6 makes it:\n"))
        #expect(dry.output.contains("clipper   clipper.replace_audio  1      $0.00   $0.00"))
        #expect(dry.output.contains("limit: $0.0005, which is not enough"))
        #expect(!FileManager.default.fileExists(atPath: stack.store))
        let odd = try await stack.understudy("run", "--user", "u", "--session", "s", "--json")
        #expect(odd.status == 64)
    }

    @Test
    func `an estimate reports everything that would make the job fail`() async throws {
        try await LiveStack.with { stack in
            let orchestrator = try await stack.connect("orchestrator")
            func refusal(_ params: JSONValue) async -> ServiceError? {
                await #expect(throws: ServiceError.self) {
                    try await orchestrator.call("orchestrator.estimate", params: params)
                }
            }
            let board = await refusal([
                "user_id": "u", "session_id": "s",
                "pipeline_data": ["storyboard": ["segments": [["id": "a b", "duration": -1, "visual_guidance": "x"]]]],
            ])
            #expect(board?.detail?.contains("/segments/0/id") == true)
            #expect(board?.detail?.contains("/segments/0/duration") == true)
            let good: JSONValue = ["segments": [["id": "a", "duration": 1, "visual_guidance": "x"]]]
            let provider = await refusal([
                "user_id": "u", "session_id": "s", "pipeline_data": ["storyboard": good],
                "options": ["image_provider": "nobody"],
            ])
            #expect(provider?.message == "/options/image_provider: expected one of card")
            let option = await refusal(["user_id": "u", "session_id": "s", "options": ["max_cost": 1]])
            #expect(option?.message.contains("did you mean max_cost_usd?") == true)
        }
    }

    @Test
    func `a service does not start with an invalid price list, and names the invalid value`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        try stack.write("{\"clip\": \"cheap\"}", to: "\(stack.folder)/prices.json")
        let environment = stack.environment.merging(["UNDERSTUDY_PRICES": "\(stack.folder)/prices.json"]) { $1 }
        for service in ["orchestrator", "imagegen", "clipper", "stitcher"] {
            let result = try await Program.run(service, environment: environment)
            #expect(result.status == 1)
            #expect(
                result.errors.hasSuffix(
                    "prices.json: /clip: expected dollars from 0 to 1000, found \"cheap\"\n"), "\(result.errors)")
        }
    }
}
