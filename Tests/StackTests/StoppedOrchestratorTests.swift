// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import Glibc
import JSONRPC
import ServicePool
import Testing

/// The command line with an orchestrator that is stopped with `SIGSTOP`: its socket accepts connections, and no call gets a reply.
@Suite(.serialized, .timeLimit(.minutes(3))) struct StoppedOrchestratorTests {
    @Test
    func `commands that need a reply fail after --timeout with an error that names the cause`() async throws {
        try await LiveStack.with { stack in
            let connection = try await stack.connect("orchestrator")
            let pid = try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGSTOP)
            defer { kill(pid_t(pid), SIGCONT) }
            let commands = [
                ["status"], ["status", "job-1"], ["cancel", "job-1"], ["receipt", "job-1"], ["retry", "job-1"],
                ["upgrade", "job-1", "--confirm-cost", "1"], ["breaker", "agent5"],
                ["call", "orchestrator", "orchestrator.list"],
            ]
            for command in commands {
                let result = try await Program.run(
                    "understudy", command + ["--timeout", "0.3"], environment: stack.environment)
                #expect(result.status == 1, "\(command) \(result.output) \(result.errors)")
                #expect(
                    result.errors.contains("does not answer within 0.3 s") && result.errors.contains("understudy ps"),
                    "\(command): \(result.errors)")
            }
            let listed = try await stack.understudy("ps")
            #expect(listed.status == 0 && listed.output.contains("dead: "), "\(listed.output)")
            kill(pid_t(pid), SIGCONT)
            let answered = try await stack.understudy("status", "--timeout", "20")
            #expect(answered.status == 0, "\(answered.errors)")
            let refused = try await stack.understudy("status", "--timeout", "nan")
            #expect(refused.status == 64)
        }
    }
}
