import Calls
import Contracts
import Foundation
import Glibc
import JSONRPC
import ServicePool
import Testing

/// The command line beside an orchestrator whose process was stopped (`kill -STOP`): its socket is there, and nothing answers.
@Suite(.serialized, .timeLimit(.minutes(3))) struct StoppedOrchestratorTests {
    @Test("commands that ask for an answer give up after --timeout with a sentence that says why")
    func timeouts() async throws {
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
                let ended = try await Program.run(
                    "understudy", command + ["--timeout", "0.3"], environment: stack.environment)
                #expect(ended.status == 1, "\(command) \(ended.output) \(ended.errors)")
                #expect(
                    ended.errors.contains("does not answer within 0.3 s") && ended.errors.contains("understudy ps"),
                    "\(command): \(ended.errors)")
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
