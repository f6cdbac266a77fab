// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import Glibc
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// Many watchers that connect at once, and disconnect before they get a reply.
@Suite(.serialized, .timeLimit(.minutes(4))) struct WatchersTests {
    private static let hanging = #"{"calls": [{"steps": [{"hang": true}]}]}"#

    /// Starts six jobs whose snapshot has some hundreds of kilobytes.
    private func start(_ stack: LiveStack) async throws {
        let orchestrator = try await stack.connect("orchestrator")
        for number in 1...6 {
            let session = "s\(number)"
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 1000), session: session)
            _ = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: session, options: .small))
        }
        try await until("all storyboards are loaded") {
            try await orchestrator.call(OrchestratorAPI.list, ListJobs()).jobs.allSatisfy { !$0.segments.isEmpty }
        }
    }

    /// The numbers of reads that the orchestrator reports.
    private func reads(_ stack: LiveStack) async throws -> JSONValue? {
        try await PageFixture.statistics(of: "orchestrator", in: stack)["reads"]
    }

    private func pid(_ service: String, _ stack: LiveStack) async throws -> Int {
        let connection = try await stack.connect(service)
        defer { Task { await connection.close() } }
        return try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0
    }

    @Test
    func `300 WebSockets that are closed at once cost few snapshots and little memory`() async throws {
        try await PageFixture.with(script: Self.hanging) { page in
            try await start(page.stack)
            let dashboard = try await pid("dashboard", page.stack)
            let orchestrator = try await pid("orchestrator", page.stack)
            let peaks = [
                try ProcessStatistics.peakMemory(of: dashboard), try ProcessStatistics.peakMemory(of: orchestrator),
            ]
            let before = try await reads(page.stack)?["snapshots"]?.double ?? 0
            // No reply is sent while they connect and disconnect.
            kill(pid_t(orchestrator), SIGSTOP)
            defer { kill(pid_t(orchestrator), SIGCONT) }
            for _ in 0..<300 { _ = try PageWatcher(page) }
            kill(pid_t(orchestrator), SIGCONT)
            let watcher = try PageWatcher(page)
            let snapshot = try #require(try watcher.next { $0["type"] == "snapshot" })
            #expect(snapshot["jobs"]?.array?.count == 6)
            #expect(try await page.curl("/api/jobs", "-o", "/dev/null", "-D", "-").status == 200)
            let after = try await reads(page.stack)?["snapshots"]?.double ?? 0
            #expect(after - before <= 60, "\(after - before) snapshots")
            #expect(try ProcessStatistics.peakMemory(of: dashboard) - peaks[0] < 150_000_000)
            #expect(try ProcessStatistics.peakMemory(of: orchestrator) - peaks[1] < 150_000_000)
        }
    }

    @Test
    func `calls of orchestrator.watch and .list of closed connections share a few reads`() async throws {
        try await LiveStack.with(script: Self.hanging) { stack in
            try await start(stack)
            let orchestrator = try await pid("orchestrator", stack)
            let peak = try ProcessStatistics.peakMemory(of: orchestrator)
            let before = try await reads(stack)
            let socket = try stack.runDirectory.socketPath(service: "orchestrator", instance: "orchestrator-1")
            kill(pid_t(orchestrator), SIGSTOP)
            defer { kill(pid_t(orchestrator), SIGCONT) }
            let calls = (1...10).map { number in
                #"{"jsonrpc":"2.0","id":"w\#(number)","method":"orchestrator.watch","params":{}}"# + "\n"
                    + #"{"jsonrpc":"2.0","id":"l\#(number)","method":"orchestrator.list","params":{}}"# + "\n"
            }.joined()
            for _ in 0..<30 { try #require(UnixPeer(socket)).send(calls) }
            kill(pid_t(orchestrator), SIGCONT)
            let peer = try #require(UnixPeer(socket))
            peer.send(#"{"jsonrpc":"2.0","id":1,"method":"orchestrator.list","params":{}}"# + "\n")
            #expect(try #require(peer.line()).contains(#""result""#))
            let after = try await reads(stack)
            for kind in ["snapshots", "pages"] {
                let made = (after?[kind]?.double ?? 1000) - (before?[kind]?.double ?? 0)
                #expect(made <= 60, "\(made) \(kind) for 300 calls")
            }
            #expect(try ProcessStatistics.peakMemory(of: orchestrator) - peak < 200_000_000)
        }
    }
}
