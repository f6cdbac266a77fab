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

/// The costs of the lead's clips when its provider, its caller or its process fails, counted by the stand-in for Replicate.
@Suite(.serialized, .timeLimit(.minutes(4))) struct PaidClipsTests {
    private let folder = TemporaryPath.new("paid")

    /// Starts a stack whose lead is Replicate at $0.50 for a clip, runs `body`, and stops the stack.
    private func withReplicate(_ body: (LiveStack, StandIn) async throws -> Void) async throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try #"{"lead": {"replicate": {"second": 0.1}}}"#.write(
            toFile: "\(folder)/prices.json", atomically: true, encoding: .utf8)
        let encoded = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=s=640x360:r=24:d=5", "-c:v", "libx264", "-preset",
                "ultrafast", "-pix_fmt", "yuv420p", "\(folder)/5.mp4",
            ])
        #expect(encoded.status == 0, "\(encoded.errors)")
        let replicate = try StandIn("replicate")
        try replicate.send(["deliver": .string("\(folder)/5.mp4")])
        let environment = [
            "UNDERSTUDY_AGENT5_PROVIDER": "replicate", "UNDERSTUDY_REPLICATE_BASE_URL": replicate.url,
            "UNDERSTUDY_REPLICATE_MODEL": "acme/film", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_PRICES": "\(folder)/prices.json", "UNDERSTUDY_BREAKER_FAILURES": "1000",
        ]
        try await LiveStack.with(environment) { try await body($0, replicate) }
    }

    /// The number of orders that the provider received.
    private func orders(_ replicate: StandIn) throws -> Int {
        try replicate.send(["requests": true])["requests"]?.array?.count ?? 0
    }

    private func receipt(_ stack: LiveStack) throws -> Receipt {
        try JSONCoding.decode(
            Receipt.self, from: Data(contentsOf: URL(filePath: stack.artifactPath("agent5/receipt.json"))))
    }

    @Test
    func `the lead's orders continue after a kill of the orchestrator, and are not placed again`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1])
            // Failed polls prolong the orders.
            let slow: JSONValue = ["questions": .array(Array(repeating: 500, count: 4))]
            try replicate.send(["misbehave": [slow, slow]])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            let pid = try await orchestrator.call(ServiceHealth.method, NoParams()).pid ?? 0
            try await until("two clips are ordered") { try orders(replicate) >= 2 }
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead])
            #expect(try orders(replicate) == 2)
            #expect(view.costs.lead == USD(1) && view.wasted == nil)
            #expect(try replicate.send(["requests": true])["cancelled"]?.array?.isEmpty == true)
        }
    }

    @Test
    func `an order in progress when agent5 is killed is polled by the next process, not placed again`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.send(["misbehave": [["questions": .array(Array(repeating: 500, count: 4))]]])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("the order is polled twice") {
                try replicate.send(["requests": true])["asked"]?.double ?? 0 >= 2
            }
            let pid = try await stack.connect("agent5").call(ServiceHealth.method, NoParams()).pid ?? 0
            kill(pid_t(pid), SIGKILL)
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try orders(replicate) == 1)
        }
    }

    @Test
    func `paid clips that are lost are booked as wasted, orders without a response as unknown`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.send(["misbehave": [["downloads": .array(Array(repeating: 503, count: 10))]]])
            let lost = try await stack.runJob()
            #expect(lost.state == .finished, "\(lost.error?.message ?? "")")
            #expect(try receipt(stack).wasted == USD(0.5) && orders(replicate) == 1)
            #expect(lost.costs.lead == USD(0.5))
            // The budget allows a second order, but the first one may have been accepted.
            try replicate.send(["misbehave": [["reset": true]]])
            let silent = try await stack.runJob(["max_cost_usd": 1.2])
            #expect(silent.state == .finished, "\(silent.error?.message ?? "")")
            #expect(try receipt(stack).unknown == USD(0.5) && orders(replicate) == 2)
            try replicate.send(["misbehave": [["reset": true]]])
            let limited = try await stack.runJob(["max_cost_usd": 0.6])
            #expect(limited.state == .finished, "\(limited.error?.message ?? "")")
            let last = try receipt(stack)
            #expect(last.unknown == USD(0.5), "\(last.attempts.map { $0.error?.message ?? "-" })")
            #expect(try orders(replicate) == 3)
        }
    }

    @Test
    func `an absurd Retry-After does not end agent5`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.send([
                "misbehave": [["status": 429, "body": ["detail": "throttled"], "headers": ["Retry-After": "1e30"]]]
            ])
            let pid = try await stack.connect("agent5").call(ServiceHealth.method, NoParams()).pid
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try await stack.connect("agent5").call(ServiceHealth.method, NoParams()).pid == pid)
            let receipt = try await stack.understudy("receipt", view.jobID)
            #expect(receipt.status == 0, "\(receipt.errors)")
        }
    }

    @Test
    func `the lead's paid clips and open orders are booked in the receipt of a cancelled job`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1, 1, 1])
            // At most two orders are concurrent: the third is placed when the first clip is delivered.
            try replicate.send(["misbehave": [[:], ["stay": true], ["stay": true]]])
            let orchestrator = try await stack.connect("orchestrator")
            let started = try await orchestrator.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("three clips are ordered") { try orders(replicate) >= 3 }
            _ = try await orchestrator.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .cancelled)
            #expect(view.costs.lead == USD(0.5) && view.wasted == USD(0.5) && view.unknown == USD(1))
            #expect(try receipt(stack).unknown == USD(1) && receipt(stack).wasted == USD(0.5))
            #expect(try orders(replicate) == 3)
        }
    }

    @Test
    func `an open order of a lead that timed out is booked before the understudy orders anything`() async throws {
        try await withReplicate { stack, replicate in
            try stack.writeStoryboard(durations: [1])
            try replicate.send(["misbehave": [["stay": true]]])
            let view = try await stack.runJob(["agent5_timeout_s": 4, "max_cost_usd": 0.55])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.unknown == USD(0.5) && view.costs.lead == .zero)
            #expect(try receipt(stack).unknown == USD(0.5))
            #expect(try orders(replicate) == 1)
        }
    }
}
