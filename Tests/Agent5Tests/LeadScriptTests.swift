// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import TestSupport
import Testing

@testable import Agent5

@Suite(.timeLimit(.minutes(1))) struct LeadScriptTests {
    private func read(_ text: String) async throws -> LeadScript {
        let path = TemporaryPath.new("script", suffix: ".json")
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try await LeadScript.read(path)
    }

    private func request(_ job: String) -> AgentRequest {
        AgentRequest(
            agent: "agent5", jobID: job, userID: "u", sessionID: "s", storyboard: [:], audio: [],
            outputPrefix: "file:///x")
    }

    private struct SilentPort: CallPort {
        func progress(_ report: ProgressReport) {}
    }

    private func call() -> Call {
        Call(
            id: .number("1"), method: "agent.process", peer: Peer(pid: 1, uid: 1, gid: 1), deadline: nil,
            wantsProgress: false, params: nil, port: SilentPort())
    }

    @Test
    func `a script is decoded with all members of its steps`() async throws {
        let script = try await read(
            """
            {"calls": [{"match": {"session_id": "s"}, "steps": [{"progress": 0.5, "message": "m"}, {"wait_ms": 5},
              {"fail": {"kind": "rate_limited", "message": "slow", "retry_after_s": 2}}]}, {"steps": [{"hang": true}]}]}
            """)
        #expect(script.calls.count == 2)
        #expect(script.calls[0].match?.sessionID == "s")
        guard case .fail(let error) = script.calls[0].steps[2] else {
            Issue.record("expected the third step to be fail")
            return
        }
        #expect(error.kind == .rateLimited)
        #expect(error.retryAfter == 2)
        #expect(error.retryable)
    }

    @Test
    func `an invalid script fails with one error that names the JSON pointer`() async {
        let unknownStep = await #expect(throws: ServiceError.self) {
            try await read("{\"calls\": [{\"steps\": [{\"dance\": 1}]}]}")
        }
        #expect(unknownStep?.message.contains("/calls/0/steps/0") == true)
        await #expect(throws: ServiceError.self) { try await read("{\"calls\": []}") }
        let zeroRepeat = await #expect(throws: ServiceError.self) {
            try await read("{\"calls\": [{\"repeat\": 0, \"steps\": []}]}")
        }
        #expect(zeroRepeat?.message == "/calls/0/repeat: expected 1 or more")
        await #expect(throws: ServiceError.self) { try await LeadScript.read("/nowhere/script.json") }
    }

    @Test
    func `matching entries are played in order, as often as they repeat, and the last one forever`() async throws {
        let script = try await read(
            """
            {"calls": [{"repeat": 2, "steps": [{"progress": 0.1}]}, {"match": {"session_id": "other"}, "steps": []},
              {"steps": [{"progress": 0.2}]}, {"steps": [{"progress": 0.3}]}]}
            """)
        let played = (0..<6).map { number -> Double? in
            guard case .progress(let fraction, _)? = script.entry(for: request("j"), number: number)?.steps.first else {
                return nil
            }
            return fraction
        }
        #expect(played == [0.1, 0.1, 0.2, 0.3, 0.3, 0.3])
    }

    @Test
    func `every job starts with the first entry, independent of other jobs`() async throws {
        let path = TemporaryPath.new("script", suffix: ".json")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try """
        {"calls": [{"steps": [{"fail": {"kind": "unavailable", "message": "first"}}]},
                   {"steps": [{"fail": {"kind": "quota_exhausted", "message": "then"}}]}]}
        """.write(toFile: path, atomically: true, encoding: .utf8)
        let provider = ScriptedProvider(path: path, artifacts: Artifacts())
        var messages: [String?] = []
        for job in ["a", "a", "b", "a", "b"] {
            let error = await #expect(throws: ServiceError.self) { try await provider.process(request(job), call()) }
            messages.append(error?.message)
        }
        #expect(messages == ["first", "then", "first", "then", "then"])
    }

    @Test
    func `a script can close the connection instead of replying`() async throws {
        let script = try await read("{\"calls\": [{\"steps\": [{\"drop_connection\": true}]}]}")
        guard case .dropConnection = script.calls[0].steps[0] else {
            Issue.record("expected the step to be drop_connection")
            return
        }
    }

    @Test
    func `without a provider every call fails and names the problem`() async {
        let error = await #expect(throws: ServiceError.self) { try await NoProvider().process(request("j"), call()) }
        #expect(error?.kind == .unavailable)
        #expect(error?.message == "no video provider is configured")
    }
}
