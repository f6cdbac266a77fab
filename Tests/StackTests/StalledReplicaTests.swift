// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import Glibc
import JSON
import JSONRPC
import ServicePool
import Testing

/// Processes that are stopped with `SIGSTOP`: their sockets accept connections, and no call gets a reply.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StalledReplicaTests {
    /// A stall timeout that is shorter than the default.
    private static let quick = ["UNDERSTUDY_REPLICA_STALL_S": "3"]

    @Test
    func `calls of a stopped clipper are sent to the other one`() async throws {
        try await LiveStack.with(Self.quick, arguments: ["--scale", "clipper=2"]) { stack in
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 6))
            // Afterwards the orchestrator is connected to both.
            #expect(try await stack.runJob().state == .finished)
            let pid = try await Self.pid("clipper-1", stack)
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 6), session: "t")
            let view = try await stack.runJob(session: "t")
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try await FilmInspection.decodingErrors(stack.artifactPath("agent5/final.mp4", session: "t")) == "")
        }
    }

    @Test
    func `a job whose only clipper is stopped reports that it waits, and goes on when the process continues`()
        async throws
    {
        try await LiveStack.with(Self.quick) { stack in
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 4))
            #expect(try await stack.runJob().state == .finished)
            let pid = try await Self.pid("clipper-1", stack)
            kill(pid, SIGSTOP)
            defer { kill(pid, SIGCONT) }
            try stack.writeStoryboard(durations: Array(repeating: 1, count: 4), session: "t")
            let watcher = try await stack.connect("orchestrator")
            let started = try await watcher.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "t", options: .small))
            _ = try await watcher.call(OrchestratorAPI.watch, WatchJobs(jobID: started.jobID, afterSeq: 0))
            for await note in watcher.notifications where note.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                if message.message.hasPrefix("the job waits: ") {
                    #expect(message.message.contains("does not answer") || message.message.contains("did not answer"))
                    break
                }
                try #require(!message.jobState.isTerminal, "\(message.message)")
            }
            kill(pid, SIGCONT)
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
        }
    }

    private static func pid(_ instance: String, _ stack: LiveStack) async throws -> pid_t {
        let connection = try await RPCConnection.connect(
            to: try stack.runDirectory.socketPath(service: "clipper", instance: instance), timeout: .seconds(10))
        return pid_t(try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0)
    }
}
