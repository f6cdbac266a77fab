// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Synchronization
import TestSupport
import Testing

@testable import Agent5

@Suite(.timeLimit(.minutes(1))) struct ScriptedProviderTests {
    private let recorder = ProgressRecorder()

    /// Records the progress that a caller receives.
    private final class ProgressRecorder: CallPort {
        let reports = Mutex<[ProgressReport]>([])
        let first = AsyncStream.makeStream(of: Void.self)

        func progress(_ report: ProgressReport) {
            reports.withLock { $0.append(report) }
            first.continuation.yield()
        }
    }

    private func call() -> Call {
        Call(
            id: .number("1"), method: "agent.process", peer: Peer(pid: 1, uid: 1, gid: 1), deadline: nil,
            wantsProgress: true, params: nil, port: recorder)
    }

    private func withScript(
        _ steps: String..., body: (ScriptedProvider, AgentRequest, _ folder: String) async throws -> Void
    ) async throws {
        let folder = TemporaryPath.new("lead")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let entries = steps.map { "{\"steps\": \($0)}" }.joined(separator: ",")
        try "{\"calls\": [\(entries)]}".write(toFile: "\(folder)/script.json", atomically: false, encoding: .utf8)
        try "frames".write(toFile: "\(folder)/take.mp4", atomically: false, encoding: .utf8)
        let request = AgentRequest(
            agent: "agent5", jobID: "j", userID: "u", sessionID: "s", storyboard: [:], audio: [],
            outputPrefix: "file://\(folder)/out")
        let provider = ScriptedProvider(path: "\(folder)/script.json", artifacts: Artifacts())
        try await body(provider, request, folder)
    }

    @Test
    func `a film is delivered below the output prefix, with its cost, after the progress`() async throws {
        try await withScript(
            #"[{"progress": 0.5, "message": "half"}, {"wait_ms": 1}, {"video": "take.mp4", "cost_usd": 0.15}]"#
        ) { provider, request, folder in
            let result = try await provider.process(request, call())
            #expect(result.video == "file://\(folder)/out/agent5_film.mp4")
            #expect(try String(contentsOfFile: "\(folder)/out/agent5_film.mp4", encoding: .utf8) == "frames")
            #expect(result.cost == USD(0.15))
            #expect(recorder.reports.withLock { $0.map(\.message) } == ["half"])
        }
    }

    @Test
    func `each call plays the next entry, and the last entry repeats`() async throws {
        try await withScript(
            #"[{"fail": {"kind": "timeout", "message": "first"}}]"#,
            #"[{"clips": [{"segment_id": "a", "clip": "take.mp4"}, {"segment_id": "b", "error": {"kind": "content_rejected", "message": "no"}}]}]"#
        ) { provider, request, folder in
            let error = await #expect(throws: ServiceError.self) { try await provider.process(request, call()) }
            #expect(error?.kind == .timeout && error?.message == "first")
            for _ in 0..<2 {
                let clips = try await provider.process(request, call()).clips
                #expect(clips.map(\.clip) == ["file://\(folder)/out/agent5_a.mp4", nil])
                #expect(clips[1].error?.kind == .contentRejected)
            }
        }
    }

    @Test
    func `an invalid segment ID, a missing file and a script without a result are errors`() async throws {
        try await withScript(
            #"[{"clips": [{"segment_id": "../x", "clip": "take.mp4"}]}]"#, #"[{"video": "gone.mp4"}]"#,
            #"[{"progress": 1, "message": ""}]"#
        ) { provider, request, folder in
            await #expect(throws: ServiceError.self) { try await provider.process(request, call()) }
            #expect(!FileManager.default.fileExists(atPath: "\(folder)/x.mp4"))
            let gone = await #expect(throws: ServiceError.self) { try await provider.process(request, call()) }
            #expect(gone?.kind == .notFound && gone?.message.contains("gone.mp4") == true)
            let endless = await #expect(throws: ServiceError.self) { try await provider.process(request, call()) }
            #expect(endless?.message.contains("ends without a result") == true)
        }
    }

    @Test
    func `a hanging lead ends when its call is cancelled`() async throws {
        try await withScript(#"[{"progress": 0.1, "message": "on my way"}, {"hang": true}]"#) { provider, request, _ in
            let call = call()
            let task = Task { try await provider.process(request, call) }
            for await _ in recorder.first.stream { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
        }
    }
}
