// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// `understudy breaker` with the real executables.
@Suite(.serialized, .timeLimit(.minutes(3))) struct BreakerCommandTests {
    @Test
    func `a breaker that is forced open keeps jobs from the lead until it is reset`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1])
            let fresh = try await stack.understudy("breaker", "agent5")
            #expect(
                fresh.output.hasPrefix("The breaker of agent5 is closed: jobs call agent5, since 20"), "\(fresh.errors)"
            )
            let open = try await stack.understudy("breaker", "agent5", "open", "--json")
            let view = try JSONCoding.decode(BreakerView.self, from: Data(open.output.utf8))
            #expect(view.state == .open && view.isForced)
            let job = try await stack.runJob()
            #expect(job.state == .finished)
            let receipt = try await stack.understudy("receipt", job.jobID)
            #expect(receipt.output.contains("Agent6 took over immediately: the breaker of Agent5 was open."))
            #expect(try await stack.understudy("breaker", "agent5", "reset").output.contains("is closed"))
            #expect(try await stack.understudy("breaker", "agent5", "dance").status == 64)
        }
    }

    @Test
    func `a forced breaker of an image provider survives restarts of imagegen and of the orchestrator`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1])
            let open = try await stack.understudy("breaker", "imagegen/card", "open", "--json")
            let view = try JSONCoding.decode(BreakerView.self, from: Data(open.output.utf8))
            #expect(view.state == .open && view.isForced && view.agent == "imagegen/card", "\(open.errors)")
            for service in ["imagegen", "orchestrator"] {
                let pid = try await stack.connect(service).call(ServiceHealth.method, NoParams()).pid ?? 0
                kill(pid_t(pid), SIGKILL)
                try await until("another process of \(service) serves") {
                    let health = try? await stack.connect(service).call(ServiceHealth.method, NoParams())
                    return health?.status == .serving && health?.pid != pid
                }
                let again = try await stack.understudy("breaker", "imagegen/card", "--json")
                #expect(
                    try JSONCoding.decode(BreakerView.self, from: Data(again.output.utf8)) == view, "\(again.errors)")
            }
            let refused = try await stack.runJob(["image_provider": "card"])
            #expect(refused.state == .error)
            #expect(
                refused.error?.message.contains("the breaker imagegen/card is forced open") == true,
                "\(refused.error?.message ?? "")")
            let direct = try await stack.connect("imagegen").call(
                ImageGenAPI.breaker, ProviderBreakerRequest(provider: "card"))
            #expect(direct == view)
            #expect(
                try await stack.understudy("breaker", "imagegen/card", "reset").output
                    .hasPrefix("The breaker of imagegen/card is closed"))
            #expect(try await stack.runJob(["image_provider": "card"]).state == .finished)
            let unknown = try await stack.understudy("breaker", "imagegen/none")
            #expect(unknown.status == 1 && unknown.errors.contains("imagegen/card"), "\(unknown.errors)")
        }
    }
}
