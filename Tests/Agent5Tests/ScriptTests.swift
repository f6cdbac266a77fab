import Contracts
import FoundationEssentials
import JSONRPC
import Testing

@testable import Agent5

@Suite struct ScriptTests {
    private func read(_ text: String) async throws -> Script {
        let path = "/tmp/us-script-\(String(UInt64.random(in: 0...UInt64.max), radix: 36)).json"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await Script.read(path)
    }

    @Test("a script is read step by step")
    func steps() async throws {
        let script = try await read(
            """
            {"calls": [{"match": {"session_id": "s"}, "steps": [{"progress": 0.5, "message": "m"}, {"wait_ms": 5},
              {"fail": {"kind": "rate_limited", "message": "slow", "retry_after_s": 2}}]}, {"steps": [{"hang": true}]}]}
            """)
        #expect(script.calls.count == 2)
        #expect(script.calls[0].match?.sessionID == "s")
        guard case .fail(let error) = script.calls[0].steps[2] else {
            Issue.record("the third step fails")
            return
        }
        #expect(error.kind == .rateLimited)
        #expect(error.retryAfter == 2)
        #expect(error.retryable)
    }

    @Test("a fault of a script is one error that names the place")
    func faults() async {
        let odd = await #expect(throws: ServiceError.self) {
            try await read("{\"calls\": [{\"steps\": [{\"dance\": 1}]}]}")
        }
        #expect(odd?.message.contains("/calls/0/steps/0") == true)
        await #expect(throws: ServiceError.self) { try await read("{\"calls\": []}") }
        await #expect(throws: ServiceError.self) { try await Script.read("/nowhere/script.json") }
    }

    @Test("without a provider the answer says so and what to do")
    func none() async {
        let call = Call(
            id: .number("1"), method: "agent.process", peer: Peer(pid: 1, uid: 1, gid: 1), deadline: nil,
            wantsProgress: false, params: nil, port: Call.Port(progress: { _ in }, reply: { _ in }, notify: { _ in }))
        let request = AgentRequest(
            agent: "agent5", jobID: "j", userID: "u", sessionID: "s", storyboard: [:], audio: [],
            outputPrefix: "file:///x")
        let error = await #expect(throws: ServiceError.self) { try await NoProvider().process(request, call) }
        #expect(error?.kind == .unavailable)
        #expect(error?.message == "no video provider is configured")
    }
}
