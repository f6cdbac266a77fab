import Calls
import Contracts
import Foundation
import Glibc
import JSON
import JSONRPC
import ServicePool
import Testing

/// Many who want to watch at the same moment, and are gone before they get anything.
@Suite(.serialized, .timeLimit(.minutes(4))) struct WatchersTests {
    private static let hanging = #"{"calls": [{"steps": [{"hang": true}]}]}"#

    /// Six jobs whose snapshot has some hundreds of kilobytes.
    private func start(_ stack: LiveStack) async throws {
        let orchestrator = try await stack.connect("orchestrator")
        for number in 1...6 {
            let session = "s\(number)"
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 1000), session: session)
            _ = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: session, options: nil))
        }
        while try await orchestrator.call(OrchestratorAPI.list, ListJobs()).jobs.contains(where: { $0.segments.isEmpty }
        ) {
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    private func details(_ service: String, _ stack: LiveStack) async throws -> JSONValue {
        let connection = try await stack.connect(service)
        let stats = try await connection.call("rpc.stats", params: [:])
        await connection.close()
        return stats["details"] ?? .null
    }

    private func pid(_ service: String, _ stack: LiveStack) async throws -> Int {
        let connection = try await stack.connect(service)
        defer { Task { await connection.close() } }
        return try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0
    }

    @Test("300 WebSockets that are opened and closed cost a few snapshots, little memory, and block no other call")
    func webSockets() async throws {
        try await PageScene.with(script: Self.hanging) { page in
            try await start(page.stack)
            let dashboard = try await pid("dashboard", page.stack)
            let orchestrator = try await pid("orchestrator", page.stack)
            let peaks = [try Vitals.peakMemory(of: dashboard), try Vitals.peakMemory(of: orchestrator)]
            let before = try await details("orchestrator", page.stack)["reads"]?["snapshots"]?.double ?? 0
            // Nothing is answered while they come and go.
            kill(pid_t(orchestrator), SIGSTOP)
            defer { kill(pid_t(orchestrator), SIGCONT) }
            for _ in 0..<300 { _ = try PageWatcher(page) }
            kill(pid_t(orchestrator), SIGCONT)
            let watcher = try PageWatcher(page)
            let snapshot = try #require(try watcher.next { $0["type"] == "snapshot" })
            #expect(snapshot["jobs"]?.array?.count == 6)
            #expect(try await page.curl("/api/jobs", "-o", "/dev/null", "-D", "-").status == 200)
            let after = try await details("orchestrator", page.stack)["reads"]?["snapshots"]?.double ?? 0
            #expect(after - before <= 60, "\(after - before) snapshots")
            #expect(try Vitals.peakMemory(of: dashboard) - peaks[0] < 150_000_000)
            #expect(try Vitals.peakMemory(of: orchestrator) - peaks[1] < 150_000_000)
        }
    }

    @Test("calls of orchestrator.watch and .list whose connections are closed are not answered one by one")
    func connections() async throws {
        try await LiveStack.with(script: Self.hanging) { stack in
            try await start(stack)
            let orchestrator = try await pid("orchestrator", stack)
            let peak = try Vitals.peakMemory(of: orchestrator)
            let before = try await details("orchestrator", stack)["reads"]
            let socket = try stack.run.socketPath(service: "orchestrator", instance: "orchestrator-1")
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
            let after = try await details("orchestrator", stack)["reads"]
            for kind in ["snapshots", "pages"] {
                let made = (after?[kind]?.double ?? 1000) - (before?[kind]?.double ?? 0)
                #expect(made <= 60, "\(made) \(kind) for 300 calls")
            }
            #expect(try Vitals.peakMemory(of: orchestrator) - peak < 200_000_000)
        }
    }
}
