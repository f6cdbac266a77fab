import Contracts
import Foundation
import JSON
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
}
