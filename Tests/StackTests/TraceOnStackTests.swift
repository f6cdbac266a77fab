// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// Job ids and trace ids in the log lines of all services that work for a job.
@Suite(.serialized, .timeLimit(.minutes(5))) struct TraceOnStackTests {
    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let traceparent = "00-\(id)-00f067aa0ba902b7-01"
    private static let debugging = ["UNDERSTUDY_LOG_LEVEL": "debug"]

    /// A lead that works for a second, and fails.
    private static let slow = """
        {"calls": [{"steps": [{"progress": 0.1}, {"wait_ms": 1000},
          {"fail": {"kind": "quota_exhausted", "message": "played"}}]}]}
        """

    /// A line that starts a job.
    private static func start(_ session: String, _ more: String = "") -> String {
        #"{"jsonrpc":"2.0","id":1,"method":"orchestrator.start","params":{"user_id":"u","session_id":"\#(session)","#
            + #""options":{"width":320,"height":180,"fps":24}\#(more)}}"#
    }

    /// Sends one line to a service.
    ///
    /// - Returns: The reply.
    private func send(_ service: String, _ line: String, _ stack: LiveStack) throws -> JSONValue {
        let path = try stack.runDirectory.socketPath(service: service, instance: "\(service)-1")
        let peer = try #require(UnixPeer(path))
        peer.send(line + "\n")
        return try JSONCoding.decode(JSONValue.self, from: Data(try #require(peer.line()).utf8))
    }

    /// The log lines of a service about answered calls that contain a text.
    private func answeredCalls(_ stack: LiveStack, _ service: String, _ text: String) -> [Substring] {
        stack.log.split(separator: "\n").filter {
            $0.hasPrefix("\(service)/\(service)-1 | ") && $0.contains(" answered ") && $0.contains(text)
        }
    }

    @Test
    func `the trace of the call that starts a job is in the log lines of every service that works for it`() async throws
    {
        try await LiveStack.with(Self.debugging) { stack in
            try stack.writeStoryboard(durations: [0.5, 0.5])
            let meta = #","_meta":{"traceparent":"\#(Self.traceparent)"}"#
            let reply = try send("orchestrator", Self.start("s", meta), stack)
            let job = try #require(reply["result"]?["job_id"]?.string)
            #expect(try await stack.waitForEnd(of: job).state == .finished)
            for service in ["imagegen", "clipper", "stitcher", "logger"] {
                try await until("\(service) logs a call") { !answeredCalls(stack, service, " job=\(job) ").isEmpty }
                #expect(answeredCalls(stack, service, " job=\(job) ").allSatisfy { $0.hasSuffix(" trace=\(Self.id)") })
            }
            let lead = stack.log.split(separator: "\n").filter { $0.hasPrefix("agent5/") && $0.contains(" failed ") }
            #expect(lead.contains { $0.contains(" job=\(job) ") && $0.hasSuffix(" trace=\(Self.id)") })
            let calls = stack.log.split(separator: "\n").filter {
                $0.hasPrefix("orchestrator/") && $0.contains(" called ") && $0.contains(" job=\(job) ")
            }
            #expect(calls.contains { $0.contains("method=clipper.create ") })
            #expect(calls.allSatisfy { $0.hasSuffix(" trace=\(Self.id)") })
            let receipt = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(receipt.contains("\"trace_id\" : \"\(Self.id)\""), "\(receipt)")
        }
    }

    @Test
    func `a job keeps its trace when its orchestrator is killed`() async throws {
        try await LiveStack.with(script: Self.slow, Self.debugging) { stack in
            try stack.writeStoryboard(durations: [0.5])
            let meta = #","_meta":{"traceparent":"\#(Self.traceparent)"}"#
            let job = try #require(
                try send("orchestrator", Self.start("s", meta), stack)["result"]?["job_id"]?.string)
            let health = try await stack.connect("orchestrator").call(ServiceHealth.method, NoParams())
            kill(pid_t(try #require(health.pid)), SIGKILL)
            #expect(try await stack.waitForEnd(of: job).state == .finished)
            for service in ["imagegen", "clipper", "stitcher"] {
                try await until("\(service) logs a call") { !answeredCalls(stack, service, " job=\(job) ").isEmpty }
                #expect(answeredCalls(stack, service, " job=\(job) ").allSatisfy { $0.hasSuffix(" trace=\(Self.id)") })
            }
            let receipt = try await stack.connect("orchestrator").call(
                OrchestratorAPI.receipt, JobReference(jobID: job))
            #expect(receipt.traceID == Self.id)
        }
    }

    @Test
    func `each job without a trace gets one of its own`() async throws {
        try await LiveStack.with(Self.debugging) { stack in
            var traces: [String: Set<Substring>] = [:]
            for session in ["a", "b"] {
                try stack.writeStoryboard(durations: [0.5], session: session)
                let job = try #require(
                    try send("orchestrator", Self.start(session), stack)["result"]?["job_id"]?.string)
                #expect(try await stack.waitForEnd(of: job).state == .finished)
                for service in ["imagegen", "clipper", "stitcher", "logger"] {
                    try await until("\(service) logs a call") { !answeredCalls(stack, service, " job=\(job) ").isEmpty }
                    for line in answeredCalls(stack, service, " job=\(job) ") {
                        let trace = line.components(separatedBy: " trace=").last ?? ""
                        traces[job, default: []].insert(Substring(trace))
                    }
                }
            }
            #expect(traces.count == 2 && traces.values.allSatisfy { $0.count == 1 && $0.first?.count == 32 })
            #expect(Set(traces.values.compactMap(\.first)).count == 2)
        }
    }

    @Test
    func `a job goes on after the deadline of the call that started it`() async throws {
        try await LiveStack.with(script: Self.slow) { stack in
            try stack.writeStoryboard(durations: [0.5])
            let reply = try send("orchestrator", Self.start("s", #","deadline_ms":700"#), stack)
            let job = try #require(reply["result"]?["job_id"]?.string)
            #expect(try await stack.waitForEnd(of: job).state == .finished)
            let view = try await stack.connect("orchestrator").call(
                "orchestrator.status", params: ["job_id": .string(job)])
            // The lead ended by itself, not because of the call's deadline.
            #expect(view["agents"]?["Agent5"]?["message"]?.string?.contains("played") == true, "\(view)")
        }
    }

    @Test
    func `an invalid traceparent is ignored: the call is answered, with a trace of its own`() async throws {
        try await LiveStack.with(Self.debugging) { stack in
            let upper = Self.traceparent.uppercased()
            let long = Self.traceparent + "-" + String(repeating: "a", count: 10_000)
            let metas = [
                #"{"traceparent":"\#(upper)"}"#, #"{"traceparent":"\#(long)"}"#, #"{"traceparent":7}"#,
                #"{"traceparent":null}"#, #"{"traceparent":["\#(Self.traceparent)"]}"#,
                #"{"traceparent":"00-00000000000000000000000000000000-00f067aa0ba902b7-01"}"#,
                #"{"traceparent":"\u0000\u001b[2J"}"#, #"{"traceparent":7,"traceparent":"\#(Self.traceparent)"}"#, "7",
                "null", "[]", #"{"job_id":{"a":[]}}"#, #"{"job_id":"\#(String(repeating: "j", count: 10_000))"}"#,
            ]
            func tail(_ id: Int, _ meta: String) -> String {
                #"{"jsonrpc":"2.0","id":\#(id),"method":"logger.tail","params":{"limit":1,"_meta":\#(meta)}}"#
            }
            for (number, meta) in metas.enumerated() {
                let reply = try send("logger", tail(number, meta), stack)
                #expect(reply["result"]?["events"] != nil, "\(meta.prefix(80)): \(reply)")
            }
            let batch = "[" + metas.enumerated().map { tail($0.offset, $0.element) }.joined(separator: ",") + "]"
            let replies = try send("logger", batch, stack).array ?? []
            #expect(replies.count == metas.count && replies.allSatisfy { $0["result"] != nil })
            let good = #"{"traceparent":"\#(Self.traceparent)","traceparent":"\#(upper)","job_id":"j\u001b\n1"}"#
            #expect(try send("logger", tail(1, good), stack)["result"] != nil)

            let count = metas.count * 2
            try await until("all calls are logged") {
                answeredCalls(stack, "logger", "method=logger.tail").count > count
            }
            let lines = answeredCalls(stack, "logger", "method=logger.tail")
            let traces = lines.map { $0.components(separatedBy: " trace=").last ?? "" }
            #expect(traces.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
            #expect(traces.filter { $0 == Self.id }.count == 1)
            #expect(Set(traces).count == traces.count)
            #expect(!stack.log.contains("\u{1B}") && !stack.log.contains("jjjj"))
        }
    }
}
