import Contracts
import Faults
import JSONRPC
import Synchronization
import Testing

@testable import Orchestrator

@Suite struct ChainTests {
    private func orchestra(_ folder: String, _ studio: FakeStudio) throws -> Orchestra {
        try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio)
    }

    @Test("the agents before the lead are called first, and their words and costs flow through")
    func chain() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(
                leadError: nil, onAgent: { AgentResult(cost: $0 == .agent2 ? USD(0.01) : USD(0.05)) })
            let (messages, receipt) = try await Stage.run(try orchestra(folder, studio), entry: .chain)
            #expect(studio.calls.withLock { $0 } == ["agent2", "agent4", "lead"])
            let said = messages.filter { $0.agentNumber == .agent2 }
            #expect(said.first?.status == .starting && said.last?.status == .finished)
            #expect(messages.last?.costs.line.hasPrefix("Agent2: $0.01 | Agent4: $0.05 | Agent5: $0.00") == true)
            #expect(receipt.stages.map(\.stage).prefix(2) == [.agent2, .agent4])
        }
    }

    @Test("a job whose inputs are already there, or whose chain does not run as services, begins with the lead")
    func without() async throws {
        for (entry, runs) in [(JobSpec.Entry.lead, true), (.chain, false)] {
            try await Stage.withFolder { folder in
                let done: @Sendable (ChainAgent) -> AgentResult = { _ in AgentResult() }
                let studio = FakeStudio(leadError: nil, onAgent: runs ? done : nil)
                _ = try await Stage.run(try orchestra(folder, studio), entry: entry)
                #expect(studio.calls.withLock { $0 } == ["lead"])
            }
        }
    }

    @Test("a failure before the lead ends the job with that agent's words, after one more try where that may help")
    func failure() async throws {
        for (error, calls) in [
            (ServiceError(.contentRejected, "no such story"), 1), (ServiceError(.unavailable, "connection reset"), 2),
        ] {
            try await Stage.withFolder { folder in
                let studio = FakeStudio(onAgent: { _ in throw error })
                let (messages, receipt) = try await Stage.run(try orchestra(folder, studio), entry: .chain)
                #expect(studio.calls.withLock { $0 } == Array(repeating: "agent2", count: calls))
                #expect(messages.last?.jobState == .error)
                #expect(receipt.error?.message == "Agent2 failed: \(error.message)")
                #expect(messages.contains { $0.agentNumber == .agent2 && $0.status == .error })
            }
        }
    }

    @Test("where the inputs are there already such a failure is a warning, and the job goes on")
    func inputsThere() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(
                leadError: nil, hasInputs: true,
                onAgent: { agent in
                    if agent == .agent4 { throw ServiceError(.quotaExhausted, "no voice left") }
                    return AgentResult()
                })
            let (messages, receipt) = try await Stage.run(try orchestra(folder, studio), entry: .chain)
            #expect(messages.last?.jobState == .finished)
            #expect(receipt.warnings == ["Agent4 failed: no voice left; what was there before is used"])
        }
    }

    @Test("of a flood of progress only little is kept, and the odd values in it do no harm")
    func flood() async throws {
        try await Stage.withFolder { folder in
            let studio = FakeStudio(onLead: { _, hears in
                for fraction in [-1, .nan, .infinity, 0.5] {
                    for _ in 0..<25_000 {
                        let report = ProgressReport(fraction: fraction, message: String(repeating: "x", count: 600))
                        hears(.progress(report))
                    }
                }
                throw ServiceError(.quotaExhausted, "no credit")
            })
            let (messages, _) = try await Stage.run(try orchestra(folder, studio))
            let told = messages.filter { $0.agentNumber == .lead && $0.progress != nil }
            #expect(told.count < 1000)
            #expect(told.allSatisfy { $0.message.utf8.count <= 4096 })
            #expect(messages.last?.status == .finished)
        }
    }
}
