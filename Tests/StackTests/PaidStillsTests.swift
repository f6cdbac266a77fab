// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// The costs of stills when their provider responds wrongly, late or not at all, counted by the stand-in.
@Suite(.serialized, .timeLimit(.minutes(4))) struct PaidStillsTests {
    private let openAI: StandIn

    init() throws {
        openAI = try StandIn("openai_images")
    }

    private func withStack(
        timeout: Double = 60, _ body: (LiveStack) async throws -> Void
    ) async throws {
        try await LiveStack.with(
            [
                "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key",
                "OPENAI_BASE_URL": "\(openAI.url)/v1", "UNDERSTUDY_IMAGE_TIMEOUT_S": "\(timeout)",
                // An open breaker would keep the later jobs from their provider.
                "UNDERSTUDY_BREAKER_FAILURES": "1000",
            ], body)
    }

    /// The orders that the provider received.
    private var orders: [JSONValue] {
        get throws { try openAI.send(["requests": true])["requests"]?.array ?? [] }
    }

    private func misbehave(_ fault: JSONValue, times: Int = 1) throws {
        try openAI.send(["misbehave": .array(Array(repeating: fault, count: times))])
    }

    private func receipt(_ stack: LiveStack, _ session: String = "s") throws -> Receipt {
        try JSONCoding.decode(
            Receipt.self,
            from: Data(contentsOf: URL(filePath: stack.artifactPath("agent5/receipt.json", session: session))))
    }

    private func writeStoryboard(_ stack: LiveStack, _ session: String, segments: Int = 1) throws {
        let texts = (1...segments).map { number in
            "{\"id\": \"seg_\(number)\", \"duration\": 1, \"visual_guidance\": \"\(session) \(number)\"}"
        }
        try stack.write(
            "{\"segments\": [\(texts.joined(separator: ","))]}",
            to: stack.artifactPath("agent2/storyboard.json", session: session))
    }

    @Test
    func `an unusable image is ordered once more at most, booked as wasted, and within the job's budget`() async throws
    {
        let faults: [JSONValue] = [
            ["cut": 3], ["truncate": 30],
        ]
        try await withStack { stack in
            for (index, fault) in faults.enumerated() {
                let (free, capped) = ("free\(index)", "capped\(index)")
                try writeStoryboard(stack, free)
                try writeStoryboard(stack, capped)
                let before = try orders.count
                try misbehave(fault, times: 2)
                let view = try await stack.runJob(session: free)
                #expect(view.state == .error)
                #expect(try orders.count - before == 2, "\(fault)")
                #expect(try receipt(stack, free).wasted == USD(0.04), "\(fault)")
                #expect(try receipt(stack, free).costs.understudy == USD(0.04))
                #expect(view.wasted == USD(0.04))
                try misbehave(fault)
                let limited = try await stack.runJob(["max_cost_usd": 0.03], session: capped)
                #expect(limited.state == .error)
                #expect(limited.error?.message.contains("max_cost_usd") == true, "\(limited.error?.message ?? "")")
                #expect(try orders.count - before == 3, "\(fault)")
                #expect(try receipt(stack, capped).costs.total == USD(0.02))
                #expect(try receipt(stack, capped).wasted == USD(0.02))
            }
            // A second order within the budget, and a card if the budget does not allow one.
            try writeStoryboard(stack, "recovered")
            try misbehave(["truncate": 30])
            let recovered = try await stack.runJob(["max_cost_usd": 0.05], session: "recovered")
            #expect(recovered.state == .finished, "\(recovered.error?.message ?? "")")
            #expect(recovered.costs.total == USD(0.041) && recovered.wasted == USD(0.02))
            try writeStoryboard(stack, "card")
            try misbehave(["truncate": 30])
            let card = try await stack.runJob(["max_cost_usd": 0.03, "on_image_failure": "card"], session: "card")
            #expect(card.state == .finished, "\(card.error?.message ?? "")")
            #expect(card.costs.total == USD(0.021))
            let report = try await stack.understudy("receipt", card.jobID)
            #expect(
                report.output.contains("$0.02 of that was wasted on results that could not be used."),
                "\(report.output)")
        }
    }

    @Test
    func `an order of unknown state is booked with what it may have cost, and counts against the budget`() async throws
    {
        let faults: [JSONValue] = [
            ["delay": 5], ["reset": true], ["raw": "<html>gateway</html>", "status": 504],
            ["status": 500, "error": ["message": "no", "code": "server_error"]],
            ["raw": "{}", "type": "application/json"], ["raw": "<html>sign in</html>"],
        ]
        try await withStack(timeout: 1.5) { stack in
            for (index, fault) in faults.enumerated() {
                let (free, capped) = ("free\(index)", "capped\(index)")
                try writeStoryboard(stack, free)
                try writeStoryboard(stack, capped)
                let before = try orders.count
                try misbehave(fault, times: 1)
                let view = try await stack.runJob(session: free)
                #expect(view.state == .error)
                #expect(view.error?.message.contains("not sent again") == true, "\(view.error?.message ?? "")")
                #expect(try orders.count - before == 1, "\(fault)")
                let receipt = try receipt(stack, free)
                #expect(receipt.unknown == USD(0.02) && receipt.costs.total == .zero, "\(fault)")
                #expect(receipt.attempts.compactMap(\.unknown) == [USD(0.02)], "\(fault)")
                #expect(view.unknown == USD(0.02))
                try misbehave(fault)
                let limited = try await stack.runJob(["max_cost_usd": 0.03], session: capped)
                #expect(limited.state == .error)
                #expect(try orders.count - before == 2, "\(fault)")
                #expect(try self.receipt(stack, capped).unknown == USD(0.02))
            }
            try writeStoryboard(stack, "card")
            try misbehave(["reset": true])
            let card = try await stack.runJob(["on_image_failure": "card"], session: "card")
            #expect(card.state == .finished && card.unknown == USD(0.02), "\(card.error?.message ?? "")")
            let report = try await stack.understudy("receipt", card.jobID)
            #expect(report.output.contains("$0.02 more may have been charged"), "\(report.output)")
        }
    }

    @Test
    func `a rejected order costs nothing`() async throws {
        try await withStack { stack in
            try writeStoryboard(stack, "s")
            try misbehave(["status": 429, "error": ["message": "no", "code": "rate_limit_exceeded"]], times: 2)
            let view = try await stack.runJob()
            #expect(view.state == .error && view.wasted == nil && view.unknown == nil)
            #expect(try orders.count == 2)
        }
    }

    @Test
    func `a download that fails is repeated, without a second order`() async throws {
        try await withStack { stack in
            try writeStoryboard(stack, "s")
            try misbehave(["url": "", "lost_downloads": 1])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.021) && view.wasted == nil)
            try writeStoryboard(stack, "t")
            try misbehave(["url": "", "lost_downloads": 100])
            let lost = try await stack.runJob(session: "t")
            #expect(lost.state == .error && lost.wasted == USD(0.02))
            #expect(try orders.count == 2)
        }
    }

    @Test
    func `images are read in every valid JSON encoding`() async throws {
        try await withStack { stack in
            let forms = ["dotnet", "all", "lines", "data"]
            try writeStoryboard(stack, "s", segments: forms.count)
            try openAI.send(["misbehave": .array(forms.map { ["escape": .string($0)] })])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders.count == forms.count)
        }
    }

    @Test(arguments: ["1e30", "-5", "nan", "inf", "1e400"])
    func `absurd waiting times do not end imagegen`(_ time: String) async throws {
        try await withStack { stack in
            try writeStoryboard(stack, "s")
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid
            func draw(_ prompt: String) async throws {
                let request = GenerateImage(
                    prompt: prompt, width: 640, height: 360, output: "file://\(stack.folder)/store/\(prompt).png")
                _ = try await stack.connect("imagegen").call(ImageGenAPI.generate, request)
            }
            for name in ["retry-after", "retry-after-ms"] {
                try misbehave([
                    "status": 429, "error": ["message": "slow down", "code": "rate_limit_exceeded"],
                    "headers": [name: .string(time)],
                ])
                do {
                    try await draw("slow")
                } catch let error as ServiceError {
                    #expect(error.kind == .rateLimited, "\(error.message)")
                }
                try await draw(name)
            }
            #expect(try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid == pid)
        }
    }

    @Test(arguments: [SIGKILL, SIGTERM])
    func `no still is ordered twice if the orchestrator is killed or restarted while stills are drawn`(_ signal: Int32)
        async throws
    {
        try await withStack { stack in
            try writeStoryboard(stack, "s", segments: 4)
            try openAI.send(["delay": 1])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            let pid = try await orchestrator.call(ServiceHealth.method, NoParams()).pid ?? 0
            try await until("a still is ordered") { try !orders.isEmpty }
            kill(pid_t(pid), signal)
            // A draining orchestrator refuses to be watched.
            try await until("another orchestrator serves") {
                let new = try? await stack.connect("orchestrator").call(ServiceHealth.method, NoParams()).pid
                return new != nil && new != pid
            }
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders.count == 4)
            #expect(view.costs.understudy == USD(0.084) && view.wasted == nil && view.unknown == nil)
        }
    }

    @Test
    func `a still in progress when imagegen is killed is booked as unknown, and ordered again`() async throws {
        try await withStack { stack in
            try writeStoryboard(stack, "s")
            try openAI.send(["delay": 1])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("a still is ordered") { try !orders.isEmpty }
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders.count == 2)
            #expect(view.costs.understudy == USD(0.021) && view.unknown == USD(0.02))
        }
    }

    @Test
    func `a caller that lost its connection gets the same image with its idempotency key`() async throws {
        try await withStack { stack in
            try openAI.send(["delay": 1])
            let request = GenerateImage(
                prompt: "a quay", width: 640, height: 360, output: "file://\(stack.folder)/store/quay.png",
                idempotencyKey: "quay")
            let first = try await stack.connect("imagegen")
            let lost = Task { try await first.call(ImageGenAPI.generate, request) }
            try await until("a still is ordered") { try !orders.isEmpty }
            await first.close()
            _ = await lost.result
            let image = try await stack.connect("imagegen").call(ImageGenAPI.generate, request)
            #expect(try orders.count == 1)
            #expect(image.cost == USD(0.02) && image.wasted == nil)
        }
    }

    @Test
    func `stills in progress when a job is cancelled are booked as unknown`() async throws {
        try await withStack { stack in
            try writeStoryboard(stack, "s", segments: 3)
            try openAI.send(["delay": 30])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("two stills are ordered") { try orders.count >= 2 }
            _ = try await orchestrator.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .cancelled && view.unknown == USD(0.04) && view.wasted == nil)
            let receipt = try receipt(stack)
            #expect(receipt.unknown == USD(0.04))
            #expect(receipt.attempts.compactMap(\.unknown) == [USD(0.02), USD(0.02)])
            #expect(try orders.count == 2)
        }
    }
}
