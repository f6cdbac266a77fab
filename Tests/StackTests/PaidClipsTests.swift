import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// What the lead's clips cost when its provider, its caller or its process fails, counted by Replicate's stand-in.
@Suite(.serialized, .timeLimit(.minutes(4))) struct PaidClipsTests {
    private let folder = "/tmp/us-paid-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    private func withReplicate(_ body: (LiveStack, StandIn) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #"{"lead": {"replicate": {"second": 0.1}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=640x360:r=24:d=5", "-c:v", "libx264", "-preset",
                "ultrafast", "-pix_fmt", "yuv420p", "\(folder)/5.mp4",
            ])
        #expect(made.status == 0, "\(made.errors)")
        let replicate = try StandIn("replicate")
        try replicate.ask(["deliver": .string("\(folder)/5.mp4")])
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "replicate", "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
            "UNDERSTUDY_REPLICATE_MODEL": "acme/film", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_PRICES": "\(folder)/prices.json", "UNDERSTUDY_BREAKER_FAILURES": "1000",
        ]
        try await LiveStack.with(environment) { try await body($0, replicate) }
    }

    private func orders(_ replicate: StandIn) throws -> Int {
        try replicate.ask(["requests": true])["requests"]?.array?.count ?? 0
    }

    private func receipt(_ stack: LiveStack) throws -> Receipt {
        try JSONCoding.decode(Receipt.self, from: Data(contentsOf: URL(filePath: stack.place("agent5/receipt.json"))))
    }

    @Test("the lead's orders go on when the orchestrator is killed, and are not made a second time")
    func lostCaller() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1])
            // Questions that are refused make the orders last.
            let slow: JSONValue = ["questions": .array(Array(repeating: 500, count: 4))]
            try replicate.ask(["misbehave": [slow, slow]])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            let pid = try await orchestrator.call(ServiceHealth.method, NoParams()).pid ?? 0
            while try orders(replicate) < 2 { try await Task.sleep(for: .milliseconds(5)) }
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead])
            #expect(try orders(replicate) == 2)
            #expect(view.costs.lead == USD(1) && view.wasted == nil)
            #expect(try replicate.ask(["requests": true])["cancelled"]?.array?.isEmpty == true)
        }
    }

    @Test("an order under way when agent5 is killed is waited for, not made a second time")
    func lostProcess() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.ask(["misbehave": [["questions": .array(Array(repeating: 500, count: 4))]]])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            while try replicate.ask(["requests": true])["asked"]?.double ?? 0 < 2 {
                try await Task.sleep(for: .milliseconds(5))
            }
            let pid = try await stack.connect("agent5").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders(replicate) == 1)
        }
    }

    @Test("clips that were paid for and lost are booked as wasted, orders without an answer as unknown")
    func losses() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.ask(["misbehave": [["downloads": .array(Array(repeating: 503, count: 10))]]])
            let lost = try await stack.job()
            #expect(lost.state == .finished, "\(lost.error?.message ?? "")")
            #expect(try receipt(stack).wasted == USD(0.5) && orders(replicate) == 1)
            #expect(lost.costs.lead == USD(0.5))
            // There is room for a second order, but the first one may have been taken.
            try replicate.ask(["misbehave": [["reset": true]]])
            let silent = try await stack.job(["max_cost_usd": 1.2])
            #expect(silent.state == .finished, "\(silent.error?.message ?? "")")
            #expect(try receipt(stack).unknown == USD(0.5) && orders(replicate) == 2)
            try replicate.ask(["misbehave": [["reset": true]]])
            let limited = try await stack.job(["max_cost_usd": 0.6])
            #expect(limited.state == .finished, "\(limited.error?.message ?? "")")
            let last = try receipt(stack)
            #expect(last.unknown == USD(0.5), "\(last.attempts.map { $0.error?.message ?? "-" })")
            #expect(try orders(replicate) == 3)
        }
    }

    @Test("a waiting time that no clock has does not end the lead while its order is paid for")
    func waiting() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.ask([
                "misbehave": [["status": 429, "body": ["detail": "throttled"], "headers": ["Retry-After": "1e30"]]]
            ])
            let pid = try await stack.connect("agent5").call(ServiceHealth.method, NoParams()).pid
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try await stack.connect("agent5").call(ServiceHealth.method, NoParams()).pid == pid)
            let told = try await stack.understudy("receipt", view.jobID)
            #expect(told.status == 0, "\(told.errors)")
        }
    }

    @Test("what the lead has bought and ordered when its job is cancelled is booked before the receipt is written")
    func cancelledJob() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            // Two at a time: the third is ordered when the first is here.
            try replicate.ask(["misbehave": [[:], ["stay": true], ["stay": true]]])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            while try orders(replicate) < 3 { try await Task.sleep(for: .milliseconds(5)) }
            _ = try await orchestrator.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .cancelled)
            #expect(view.costs.lead == USD(0.5) && view.wasted == USD(0.5) && view.unknown == USD(1))
            #expect(try receipt(stack).unknown == USD(1) && receipt(stack).wasted == USD(0.5))
            #expect(try orders(replicate) == 3)
        }
    }

    @Test("an order of a lead whose time is up is booked before the understudy buys anything")
    func timedOut() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.ask(["misbehave": [["stay": true]]])
            let view = try await stack.job(["agent5_timeout_s": 4, "max_cost_usd": 0.55])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.unknown == USD(0.5) && view.costs.lead == .zero)
            #expect(try receipt(stack).unknown == USD(0.5))
            #expect(try orders(replicate) == 1)
        }
    }
}
