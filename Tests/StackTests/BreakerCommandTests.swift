import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

@Suite(.serialized) struct BreakerCommandTests {
    @Test("a breaker is set by hand, and jobs heed it")
    func byHand() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1])
            let fresh = try await stack.understudy("breaker", "agent5")
            #expect(
                fresh.output.hasPrefix("The breaker of agent5 is closed: jobs call agent5, since 20"), "\(fresh.errors)"
            )
            let open = try await stack.understudy("breaker", "agent5", "open", "--json")
            let view = try JSONCoding.decode(BreakerView.self, from: Data(open.output.utf8))
            #expect(view.state == .open && view.forced)
            let job = try await stack.job()
            #expect(job.state == .finished)
            let receipt = try await stack.understudy("receipt", job.jobID)
            #expect(receipt.output.contains("Agent6 stepped in at once: the breaker of Agent5 was open."))
            #expect(try await stack.understudy("breaker", "agent5", "reset").output.contains("is closed"))
            #expect(try await stack.understudy("breaker", "agent5", "dance").status == 64)
        }
    }

    @Test("an image provider's breaker is imagegen's: it holds over restarts of imagegen and of the orchestrator")
    func imageProvider() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1])
            let open = try await stack.understudy("breaker", "imagegen/card", "open", "--json")
            let view = try JSONCoding.decode(BreakerView.self, from: Data(open.output.utf8))
            #expect(view.state == .open && view.forced && view.agent == "imagegen/card", "\(open.errors)")
            for service in ["imagegen", "orchestrator"] {
                let pid = try await stack.connect(service).call(ServiceHealth.method, NoParams()).pid ?? 0
                kill(pid_t(pid), SIGKILL)
                #expect(await Self.isReplaced(service, pid, stack), "\(service)")
                let again = try await stack.understudy("breaker", "imagegen/card", "--json")
                #expect(
                    try JSONCoding.decode(BreakerView.self, from: Data(again.output.utf8)) == view, "\(again.errors)")
            }
            let refused = try await stack.job(["image_provider": "card"])
            #expect(refused.state == .error)
            #expect(
                refused.error?.message.contains("the breaker imagegen/card is held open by hand") == true,
                "\(refused.error?.message ?? "")")
            let direct = try await stack.connect("imagegen").call(
                ImageGenAPI.breaker, ProviderBreakerRequest(provider: "card"))
            #expect(direct == view)
            #expect(
                try await stack.understudy("breaker", "imagegen/card", "reset").output
                    .hasPrefix("The breaker of imagegen/card is closed"))
            #expect(try await stack.job(["image_provider": "card"]).state == .finished)
            let unknown = try await stack.understudy("breaker", "imagegen/none")
            #expect(unknown.status == 1 && unknown.errors.contains("imagegen/card"), "\(unknown.errors)")
        }
    }

    /// Waits, at most 30 s, until another process serves.
    private static func isReplaced(_ service: String, _ pid: Int, _ stack: LiveStack) async -> Bool {
        let end = ContinuousClock.now + .seconds(30)
        while .now < end {
            let health = try? await stack.connect(service).call(ServiceHealth.method, NoParams())
            if let health, health.status == .serving, health.pid != pid { return true }
            guard (try? await Task.sleep(for: .milliseconds(20))) != nil else { return false }
        }
        return false
    }
}
