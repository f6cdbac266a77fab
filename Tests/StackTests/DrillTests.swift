// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

/// A result of `understudy drill --json`.
private struct DrillResult: Decodable {
    var fault: String
    var expected: String
    var observed: String
    var attempts: Int
    var takeover: Double?
    var isFilmGood: Bool
    var cost: USD
    var passed: Bool

    private enum CodingKeys: String, CodingKey {
        case fault, expected, observed, attempts, passed
        case takeover = "takeover_s"
        case isFilmGood = "film_ok"
        case cost = "cost_usd"
    }
}

/// `understudy drill` with the real executables.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DrillTests {
    @Test
    func `all nineteen faults have the expected outcome, and the running stack is not affected`() async throws {
        try await LiveStack.with { stack in
            let drill = try await stack.understudy("drill", "--json")
            let results = try JSONCoding.decode([DrillResult].self, from: Data(drill.output.utf8))
            #expect(results.count == 19)
            for result in results { #expect(result.passed, "\(result.fault): \(result.observed)") }
            #expect(drill.status == (results.allSatisfy(\.passed) ? 0 : 1), "\(drill.errors)")
            // Facts of the results that do not depend on `passed`.
            let takeovers = results.filter { $0.expected.contains("then Agent6") && $0.passed }
            #expect(takeovers.allSatisfy { $0.takeover != nil && $0.isFilmGood })
            let withoutImages = results.first { $0.fault == "the image provider fails too" }
            #expect(withoutImages?.isFilmGood == false && withoutImages?.cost == .zero)
            #expect(results.first { $0.fault == "persistent 503" }?.attempts == 2)
            #expect(results.first { $0.fault == "film too short" }?.cost == USD(0.152))
            let jobs = try await stack.connect("orchestrator").call(OrchestratorAPI.list, ListJobs())
            #expect(jobs.jobs.isEmpty)
            #expect(!FileManager.default.fileExists(atPath: stack.store))
        }
    }

    @Test
    func `faults are chosen by number, and unknown numbers are usage errors`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let one = try await stack.understudy("drill", "--only", "7")
        #expect(one.status == 0, "\(one.output)")
        #expect(one.output.contains("quota exhausted") && one.output.hasSuffix("all 1 passed\n"))
        let pair = try await stack.understudy("drill", "--only", "3", "--only", "16", "--json")
        let results = try JSONCoding.decode([DrillResult].self, from: Data(pair.output.utf8))
        #expect(results.map(\.fault) == ["one 500, then fine", "the image provider fails too"])
        let line = try await stack.understudy("drill", "--only", "7", "--lines")
        #expect(try JSONCoding.decode(DrillResult.self, from: Data(line.output.utf8)).fault == "quota exhausted")
        #expect(try await stack.understudy("drill", "--json", "--lines").status == 64)
        let list = try await stack.understudy("drill", "--list")
        #expect(list.status == 0 && list.output.split(separator: "\n").count == 20)
        #expect(try await stack.understudy("drill", "--only", "20").status == 64)
        #expect(!FileManager.default.fileExists(atPath: stack.runDirectory.path))
    }
}
