// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// Invalid results of third-party services: the jobs go on, what was spent is booked, and sizes stay bounded.
@Suite(.serialized, .timeLimit(.minutes(4))) struct InvalidResultsOnStackTests {
    /// Starts a stack in which one service is replaced, runs `body`, and stops the stack.
    ///
    /// - Parameter replies: The replies of the service, by session; see `Hostile/results.py`.
    private func with(
        _ service: String, _ replies: [String: String], _ body: (LiveStack) async throws -> Void
    ) async throws {
        let prepared = try LiveStack.prepare(script: LiveStack.failing)
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        try JSONCoding.encode(replies).write(to: URL(filePath: "\(prepared.folder)/results.json"))
        try await LiveStack.with(prepared: prepared, arguments: ["--without", service]) { stack in
            let replacement = try await Program(
                "/usr/bin/python3",
                [
                    Bundle.module.bundlePath + "/Hostile/results.py", "\(stack.folder)/run", service,
                    "\(stack.folder)/results.json",
                ])
            #expect(await replacement.waitForOutput("listening"))
            do {
                try await body(stack)
            } catch {
                replacement.signal(SIGKILL)
                throw error
            }
            replacement.signal(SIGKILL)
            _ = await replacement.waitUntilExit()
        }
    }

    /// Replies of a lead, with what is booked as wasted and as unknown, and a part of the takeover's reason.
    private static let leads: [(session: String, reply: String, wasted: Double, unknown: Double, reason: String)] = [
        ("film", #""result": {"video": "file:///nowhere.mp4", "cost_usd": 0.5}"#, 0.5, 0, "outside its output folder"),
        ("nothing", #""result": {"cost_usd": 0.5}"#, 0.5, 0, "neither a film nor clips"),
        (
            "segment", #""result": {"clips": [{"segment_id": "zzz", "clip": "file:///x"}], "cost_usd": 0.5}"#, 0.5, 0,
            "which the job does not have"
        ),
        (
            "sums",
            #""result": {"clips": [{"segment_id": "zzz"}], "cost_usd": 0.5, "wasted_usd": 0.25, "unknown_usd": 0.125}"#,
            0.75, 0.125, "which the job does not have"
        ),
        (
            "twice", #""result": {"clips": [{"segment_id": "seg_1"}, {"segment_id": "seg_1"}], "cost_usd": 0.5}"#, 0.5,
            0, "answered twice"
        ),
        ("long", ##""result": {"video": "file:///#", "cost_usd": 0.5}"##, 0.5, 0, "returned a file name of"),
        ("shape", #""result": {"clips": [{"clip": "file:///x"}], "cost_usd": 0.5}"#, 0.5, 0, "/clips/0/segment_id"),
        ("kind", #""result": {"video": 7, "cost_usd": 0.5, "unknown_usd": 0.25}"#, 0.5, 0.25, "/video"),
        ("other", #""result": {"job_id": "other", "cost_usd": 0.5}"#, 0, 0, "for the job \"other\""),
        ("minus", #""result": {"cost_usd": -0.5, "wasted_usd": 0.25}"#, 0.25, 0, "reported a cost of"),
        ("most", #""result": {"cost_usd": 1e300}"#, 0, 0, "reported a cost of"),
    ]

    @Test
    func `the cost of a lead's invalid result is booked as wasted`() async throws {
        let replies = Dictionary(uniqueKeysWithValues: Self.leads.map { ($0.session, $0.reply) })
        try await with("agent5", replies) { stack in
            for lead in Self.leads {
                try stack.writeStoryboard(durations: [0.2], session: lead.session)
                _ = try await stack.connect("orchestrator").call(
                    "orchestrator.breaker", params: ["agent": "agent5", "action": "reset"])
                let view = try await stack.runJob(session: lead.session)
                #expect(view.state == .finished, "\(lead.session): \(view.error?.message ?? "")")
                #expect(view.costs.lead == USD(lead.wasted), "\(lead.session): \(view.costs.line)")
                #expect(view.wasted ?? .zero == USD(lead.wasted), "\(lead.session)")
                #expect(view.unknown ?? .zero == USD(lead.unknown), "\(lead.session)")
                let message = view.agents[.lead]?.message ?? ""
                #expect(message.contains(lead.reason), "\(lead.session): \(message)")
            }
        }
    }

    @Test
    func `long texts of imagegen's results are cut, and a file name of 900 KB is an error`() async throws {
        let head = #""result": {"width": 1, "height": 1, "attempts": 1, "cost_usd": 0.25, "cached": false, "#
        let replies = [
            "texts": head
                + ##""image": "@", "media_type": "#", "provider": "#", "model": "#", "warnings": ["#"]}"##,
            "name": head + ##""image": "file:///#", "media_type": "x", "provider": "p", "model": "m"}"##,
        ]
        try await with("imagegen", replies) { stack in
            for session in replies.keys.sorted() {
                try stack.writeStoryboard(durations: [0.2, 0.2, 0.2], session: session)
                let view = try await stack.runJob(session: session)
                #expect(view.state == .error)
                if session == "name" {
                    #expect(view.error?.message.contains("imagegen returned a file name of 9000") == true, "\(view)")
                    #expect((view.wasted ?? .zero) >= USD(0.25), "\(view)")
                }
                let size = try JSONCoding.encode(view).count
                #expect(size < 100_000, "\(session): \(size)")
                let receipt = try Data(
                    contentsOf: URL(filePath: stack.artifactPath("agent5/receipt.json", session: session)))
                #expect(receipt.count < 200_000, "\(session): \(receipt.count)")
            }
            let state = "\(stack.folder)/state/orchestrator"
            let bytes = try FileManager.default.contentsOfDirectory(atPath: state).reduce(0) { sum, name in
                sum + (try FileManager.default.attributesOfItem(atPath: "\(state)/\(name)")[.size] as? Int ?? 0)
            }
            #expect(bytes < 4_000_000, "\(bytes)")
        }
    }

    @Test
    func `a file name of 900 KB from clipper is an error of the job`() async throws {
        let reply =
            ##""result": {"clip": "file:///#", "duration": 1, "frames": 3, "width": 160, "height": 90, "fps": 30, "bytes": 1, "cost_usd": 0, "encode_s": 0}"##
        try await with("clipper", ["s": reply]) { stack in
            try stack.writeStoryboard(durations: [0.2])
            let view = try await stack.runJob()
            #expect(view.error?.message.contains("clipper returned a file name of 9000") == true, "\(view)")
            #expect(try JSONCoding.encode(view).count < 50_000)
        }
    }

    @Test
    func `a storyboard of the largest allowed size reaches the lead`() async throws {
        let refusal = #""error": {"code": -32013, "message": "read $ bytes", "data": {"kind": "quota_exhausted"}}"#
        try await with("agent5", ["s": refusal]) { stack in
            let size = try await requestSize(stack)
            #expect(size > 7_800_000, "\(size)")
        }
        // With agent5, which passes it on to a program.
        let program = """
            import json, sys
            line = sys.stdin.readline()
            print(json.dumps({"error": {"kind": "quota_exhausted", "message": f"read {len(line)} bytes"}}))
            """
        let path = TemporaryPath.new("lead", suffix: ".py")
        try program.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await LiveStack.with(
            script: nil,
            ["UNDERSTUDY_AGENT5_PROVIDER": "command", "UNDERSTUDY_AGENT5_COMMAND": "/usr/bin/python3 \(path)"]
        ) { stack in
            let size = try await requestSize(stack)
            #expect(size > 7_800_000, "\(size)")
        }
    }

    /// Starts a job with a storyboard of 8 MB, and cancels it after the lead's failure.
    ///
    /// - Returns: The number of bytes that the lead reports to have read.
    private func requestSize(_ stack: LiveStack) async throws -> Int {
        let guidance = String(repeating: "x", count: 31_900)
        let segments = (1...245).map { #"{"id":"s\#($0)","duration":0.1,"visual_guidance":"\#(guidance)"}"# }
        try stack.write(
            #"{"segments":[\#(segments.joined(separator: ","))]}"#, to: stack.artifactPath("agent2/storyboard.json"))
        let connection = try await stack.connect("orchestrator")
        let started = try await connection.call(
            OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
        _ = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: started.jobID, afterSeq: 0))
        var reason = ""
        for await note in connection.notifications where note.method == OrchestratorAPI.event {
            let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
            if message.jobState.isTerminal || message.agentNumber == .lead && message.status == .error {
                reason = message.message
                break
            }
        }
        _ = try await stack.connect("orchestrator").call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
        #expect(reason.contains("read "), "\(reason.prefix(300))")
        return reason.split(separator: " ").compactMap { Int($0) }.first ?? 0
    }
}
