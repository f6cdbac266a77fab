// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC
import Synchronization
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct ChainTests {
    private func registry(_ folder: String, _ services: FakeJobServices) throws -> JobRegistry {
        try JobFixture.registry(try JobStore(path: "\(folder)/jobs.sqlite"), services)
    }

    @Test
    func `the agents before the lead are called first; their messages and costs are reported`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(
                leadError: nil, onAgent: { AgentResult(cost: $0 == .agent2 ? USD(0.01) : USD(0.05)) })
            let (messages, receipt) = try await JobFixture.run(try registry(folder, services), entry: .chain)
            #expect(services.calls.withLock { $0 } == ["agent2", "agent4", "lead"])
            let agent2 = messages.filter { $0.agentNumber == .agent2 }
            #expect(agent2.first?.status == .starting && agent2.last?.status == .finished)
            #expect(messages.last?.costs.line.hasPrefix("Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.00") == true)
            #expect(receipt.stages.map(\.stage).prefix(2) == [.agent2, .agent4])
        }
    }

    @Test
    func `a job starts with the lead if its inputs exist or the chain does not run as services`() async throws {
        for (entry, runs) in [(JobSpec.Entry.lead, true), (.chain, false)] {
            try await JobFixture.withFolder { folder in
                let done: @Sendable (ChainAgent) -> AgentResult = { _ in AgentResult() }
                let services = FakeJobServices(leadError: nil, onAgent: runs ? done : nil)
                _ = try await JobFixture.run(try registry(folder, services), entry: entry)
                #expect(services.calls.withLock { $0 } == ["lead"])
            }
        }
    }

    @Test
    func `an agent's failure before the lead ends the job, after one retry if it is retryable`() async throws {
        for (error, calls) in [
            (ServiceError(.contentRejected, "no such story"), 1), (ServiceError(.unavailable, "connection reset"), 2),
        ] {
            try await JobFixture.withFolder { folder in
                let services = FakeJobServices(onAgent: { _ in throw error })
                let (messages, receipt) = try await JobFixture.run(try registry(folder, services), entry: .chain)
                #expect(services.calls.withLock { $0 } == Array(repeating: "agent2", count: calls))
                #expect(messages.last?.jobState == .error)
                #expect(receipt.error?.message == "Agent2 failed: \(error.message)")
                #expect(messages.contains { $0.agentNumber == .agent2 && $0.status == .error })
            }
        }
    }

    @Test
    func `an agent's failure is a warning if its output exists already`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(
                leadError: nil, hasInputs: true,
                onAgent: { agent in
                    if agent == .agent4 { throw ServiceError(.quotaExhausted, "no voice left") }
                    return AgentResult()
                })
            let (messages, receipt) = try await JobFixture.run(try registry(folder, services), entry: .chain)
            #expect(messages.last?.jobState == .finished)
            #expect(receipt.warnings == ["Agent4 failed: no voice left; the existing files are used"])
        }
    }

    @Test
    func `a flood of progress reports is throttled, and invalid fractions are harmless`() async throws {
        try await JobFixture.withFolder { folder in
            let services = FakeJobServices(onLead: { _, onActivity in
                for fraction in [-1, .nan, .infinity, 0.5] {
                    for _ in 0..<25_000 {
                        let report = ProgressReport(fraction: fraction, message: String(repeating: "x", count: 600))
                        onActivity(.progress(report))
                    }
                }
                throw ServiceError(.quotaExhausted, "no credit")
            })
            let (messages, _) = try await JobFixture.run(try registry(folder, services))
            let reported = messages.filter { $0.agentNumber == .lead && $0.progress != nil }
            #expect(reported.count < 1000)
            #expect(reported.allSatisfy { $0.message.utf8.count <= 4096 })
            #expect(messages.last?.status == .finished)
        }
    }
}
