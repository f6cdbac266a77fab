import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// What stills cost when their provider answers badly, late or not at all, counted by the provider's stand-in.
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
                // A breaker would keep the later jobs from their provider.
                "UNDERSTUDY_BREAKER_FAILURES": "1000",
            ], body)
    }

    private var orders: [JSONValue] {
        get throws { try openAI.ask(["requests": true])["requests"]?.array ?? [] }
    }

    private func misbehave(_ fault: JSONValue, times: Int = 1) throws {
        try openAI.ask(["misbehave": .array(Array(repeating: fault, count: times))])
    }

    private func receipt(_ stack: LiveStack, _ session: String = "s") throws -> Receipt {
        try JSONCoding.decode(
            Receipt.self, from: Data(contentsOf: URL(filePath: stack.place("agent5/receipt.json", session: session))))
    }

    private func board(_ stack: LiveStack, _ session: String, segments: Int = 1) throws {
        let texts = (1...segments).map { number in
            "{\"id\": \"seg_\(number)\", \"duration\": 1, \"visual_guidance\": \"\(session) \(number)\"}"
        }
        try stack.write(
            "{\"segments\": [\(texts.joined(separator: ","))]}",
            to: stack.place("agent2/storyboard.json", session: session))
    }

    @Test("an answer that cannot be used is paid for once more at the most, is booked, and keeps the job's limit")
    func unusable() async throws {
        let faults: [JSONValue] = [
            ["cut": 3], ["truncate": 30],
        ]
        try await withStack { stack in
            for (index, fault) in faults.enumerated() {
                let (free, capped) = ("free\(index)", "capped\(index)")
                try board(stack, free)
                try board(stack, capped)
                let before = try orders.count
                try misbehave(fault, times: 2)
                let view = try await stack.job(session: free)
                #expect(view.state == .error)
                #expect(try orders.count - before == 2, "\(fault)")
                #expect(try receipt(stack, free).wasted == USD(0.04), "\(fault)")
                #expect(try receipt(stack, free).costs.understudy == USD(0.04))
                #expect(view.wasted == USD(0.04))
                try misbehave(fault)
                let limited = try await stack.job(["max_cost_usd": 0.03], session: capped)
                #expect(limited.state == .error)
                #expect(limited.error?.message.contains("max_cost_usd") == true, "\(limited.error?.message ?? "")")
                #expect(try orders.count - before == 3, "\(fault)")
                #expect(try receipt(stack, capped).costs.total == USD(0.02))
                #expect(try receipt(stack, capped).wasted == USD(0.02))
            }
            // A second try that the limit allows, and a card where it does not.
            try board(stack, "mended")
            try misbehave(["truncate": 30])
            let mended = try await stack.job(["max_cost_usd": 0.05], session: "mended")
            #expect(mended.state == .finished, "\(mended.error?.message ?? "")")
            #expect(mended.costs.total == USD(0.041) && mended.wasted == USD(0.02))
            try board(stack, "card")
            try misbehave(["truncate": 30])
            let card = try await stack.job(["max_cost_usd": 0.03, "on_image_failure": "card"], session: "card")
            #expect(card.state == .finished, "\(card.error?.message ?? "")")
            #expect(card.costs.total == USD(0.021))
            let told = try await stack.understudy("receipt", card.jobID)
            #expect(told.output.contains("$0.02 of that bought nothing that could be used."), "\(told.output)")
        }
    }

    @Test("an order whose acceptance is unknown is told with what it may have cost, and counts against the limit")
    func unknown() async throws {
        let faults: [JSONValue] = [
            ["delay": 5], ["reset": true], ["raw": "<html>gateway</html>", "status": 504],
            ["status": 500, "error": ["message": "no", "code": "server_error"]],
            ["raw": "{}", "type": "application/json"], ["raw": "<html>sign in</html>"],
        ]
        try await withStack(timeout: 1.5) { stack in
            for (index, fault) in faults.enumerated() {
                let (free, capped) = ("free\(index)", "capped\(index)")
                try board(stack, free)
                try board(stack, capped)
                let before = try orders.count
                try misbehave(fault, times: 1)
                let view = try await stack.job(session: free)
                #expect(view.state == .error)
                #expect(view.error?.message.contains("not sent again") == true, "\(view.error?.message ?? "")")
                #expect(try orders.count - before == 1, "\(fault)")
                let receipt = try receipt(stack, free)
                #expect(receipt.unknown == USD(0.02) && receipt.costs.total == .zero, "\(fault)")
                #expect(receipt.attempts.compactMap(\.unknown) == [USD(0.02)], "\(fault)")
                #expect(view.unknown == USD(0.02))
                try misbehave(fault)
                let limited = try await stack.job(["max_cost_usd": 0.03], session: capped)
                #expect(limited.state == .error)
                #expect(try orders.count - before == 2, "\(fault)")
                #expect(try self.receipt(stack, capped).unknown == USD(0.02))
            }
            try board(stack, "card")
            try misbehave(["reset": true])
            let card = try await stack.job(["on_image_failure": "card"], session: "card")
            #expect(card.state == .finished && card.unknown == USD(0.02), "\(card.error?.message ?? "")")
            let told = try await stack.understudy("receipt", card.jobID)
            #expect(told.output.contains("$0.02 more may have been charged"), "\(told.output)")
        }
    }

    @Test("a refusal costs nothing and says so")
    func refused() async throws {
        try await withStack { stack in
            try board(stack, "s")
            try misbehave(["status": 429, "error": ["message": "no", "code": "rate_limit_exceeded"]], times: 2)
            let view = try await stack.job()
            #expect(view.state == .error && view.wasted == nil && view.unknown == nil)
            #expect(try orders.count == 2)
        }
    }

    @Test("a link whose download fails is fetched again, never bought again")
    func link() async throws {
        try await withStack { stack in
            try board(stack, "s")
            try misbehave(["url": "", "lost_downloads": 1])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.understudy == USD(0.021) && view.wasted == nil)
            try board(stack, "t")
            try misbehave(["url": "", "lost_downloads": 100])
            let lost = try await stack.job(session: "t")
            #expect(lost.state == .error && lost.wasted == USD(0.02))
            #expect(try orders.count == 2)
        }
    }

    @Test("pictures in every legal form of a JSON text are read")
    func forms() async throws {
        try await withStack { stack in
            let forms = ["dotnet", "all", "lines", "data"]
            try board(stack, "s", segments: forms.count)
            try openAI.ask(["misbehave": .array(forms.map { ["escape": .string($0)] })])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders.count == forms.count)
        }
    }

    @Test("waiting times that no clock has end no process", arguments: ["1e30", "-5", "nan", "inf", "1e400"])
    func waiting(_ told: String) async throws {
        try await withStack { stack in
            try board(stack, "s")
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid
            func draw(_ prompt: String) async throws {
                let request = GenerateImage(
                    prompt: prompt, width: 640, height: 360, output: "file://\(stack.folder)/store/\(prompt).png")
                _ = try await stack.connect("imagegen").call(ImageGenAPI.generate, request)
            }
            for name in ["retry-after", "retry-after-ms"] {
                try misbehave([
                    "status": 429, "error": ["message": "slow down", "code": "rate_limit_exceeded"],
                    "headers": [name: .string(told)],
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

    @Test(
        "an orchestrator that is killed, or restarted, while stills are drawn gets them, and no still is bought twice",
        arguments: [SIGKILL, SIGTERM])
    func lostCaller(_ signal: Int32) async throws {
        try await withStack { stack in
            try board(stack, "s", segments: 4)
            try openAI.ask(["delay": 1])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            let pid = try await orchestrator.call(ServiceHealth.method, NoParams()).pid ?? 0
            while try orders.count < 1 { try await Task.sleep(for: .milliseconds(5)) }
            kill(pid_t(pid), signal)
            // One that drains refuses to be watched.
            while (try? await stack.connect("orchestrator").call(ServiceHealth.method, NoParams()).pid) ?? pid == pid {
                try await Task.sleep(for: .milliseconds(20))
            }
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders.count == 4)
            #expect(view.costs.understudy == USD(0.084) && view.wasted == nil && view.unknown == nil)
        }
    }

    @Test("a still under way when imagegen is killed is told as unknown, and drawn all the same")
    func lostProcess() async throws {
        try await withStack { stack in
            try board(stack, "s")
            try openAI.ask(["delay": 1])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            while try orders.count < 1 { try await Task.sleep(for: .milliseconds(5)) }
            let pid = try await stack.connect("imagegen").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders.count == 2)
            #expect(view.costs.understudy == USD(0.021) && view.unknown == USD(0.02))
        }
    }

    @Test("a caller that cancels ends the order; one whose connection breaks gets the same picture with its key")
    func vanished() async throws {
        try await withStack { stack in
            try openAI.ask(["delay": 1])
            let request = GenerateImage(
                prompt: "a quay", width: 640, height: 360, output: "file://\(stack.folder)/store/quay.png",
                idempotencyKey: "quay")
            let first = try await stack.connect("imagegen")
            let lost = Task { try await first.call(ImageGenAPI.generate, request) }
            while try orders.count < 1 { try await Task.sleep(for: .milliseconds(5)) }
            await first.close()
            _ = await lost.result
            let image = try await stack.connect("imagegen").call(ImageGenAPI.generate, request)
            #expect(try orders.count == 1)
            #expect(image.cost == USD(0.02) && image.wasted == nil)
        }
    }

    @Test("stills under way when a job is cancelled are booked as unknown, and a job under a limit counts them")
    func cancelledJob() async throws {
        try await withStack { stack in
            try board(stack, "s", segments: 3)
            try openAI.ask(["delay": 30])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            while try orders.count < 2 { try await Task.sleep(for: .milliseconds(5)) }
            _ = try await orchestrator.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .cancelled && view.unknown == USD(0.04) && view.wasted == nil)
            let receipt = try receipt(stack)
            #expect(receipt.unknown == USD(0.04))
            #expect(receipt.attempts.compactMap(\.unknown) == [USD(0.02), USD(0.02)])
            #expect(try orders.count == 2)
        }
    }
}
