import Contracts
import Faults
import Foundation
import Glibc
import JSON
import JSONRPC
import Testing

/// Services of somebody else's that answer what they should not: the jobs go on, what was spent is booked, and nothing grows.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ForeignAnswersTests {
    private static let small: JSONValue = ["width": 160, "height": 90]

    /// Runs `body` on a stack in which one service gives the answers, by session.
    private func with(
        _ service: String, _ answers: [String: String], _ body: (LiveStack) async throws -> Void
    ) async throws {
        let prepared = try LiveStack.prepare(script: LiveStack.failing)
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        try JSONCoding.encode(answers).write(to: URL(filePath: "\(prepared.folder)/answers.json"))
        try await LiveStack.with(prepared: prepared, arguments: ["--without", service]) { stack in
            let other = try await Program(
                "/usr/bin/python3",
                [
                    Bundle.module.bundlePath + "/Hostile/answers.py", "\(stack.folder)/run", service,
                    "\(stack.folder)/answers.json",
                ])
            #expect(await other.says("listening"))
            do {
                try await body(stack)
            } catch {
                other.signal(SIGKILL)
                throw error
            }
            other.signal(SIGKILL)
            _ = await other.ended()
        }
    }

    /// What a lead answers, and what of it is booked as spent for nothing.
    private static let leads: [(session: String, answer: String, wasted: Double, unknown: Double, reason: String)] = [
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
        ("long", ##""result": {"video": "file:///#", "cost_usd": 0.5}"##, 0.5, 0, "names a file of"),
        ("shape", #""result": {"clips": [{"clip": "file:///x"}], "cost_usd": 0.5}"#, 0.5, 0, "/clips/0/segment_id"),
        ("kind", #""result": {"video": 7, "cost_usd": 0.5, "unknown_usd": 0.25}"#, 0.5, 0.25, "/video"),
        ("other", #""result": {"job_id": "other", "cost_usd": 0.5}"#, 0, 0, "for the job \"other\""),
        ("minus", #""result": {"cost_usd": -0.5, "wasted_usd": 0.25}"#, 0.25, 0, "says that it cost"),
        ("most", #""result": {"cost_usd": 1e300}"#, 0, 0, "says that it cost"),
    ]

    @Test("what a lead's answer cost is booked as wasted, whatever is wrong with the answer")
    func money() async throws {
        let answers = Dictionary(uniqueKeysWithValues: Self.leads.map { ($0.session, $0.answer) })
        try await with("agent5", answers) { stack in
            for lead in Self.leads {
                try stack.writeStoryboard(durations: [0.2], session: lead.session)
                _ = try await stack.connect("orchestrator").call(
                    "orchestrator.breaker", params: ["agent": "agent5", "action": "reset"])
                let view = try await stack.job(Self.small, session: lead.session)
                #expect(view.state == .finished, "\(lead.session): \(view.error?.message ?? "")")
                #expect(view.costs.lead == USD(lead.wasted), "\(lead.session): \(view.costs.line)")
                #expect(view.wasted ?? .zero == USD(lead.wasted), "\(lead.session)")
                #expect(view.unknown ?? .zero == USD(lead.unknown), "\(lead.session)")
                let message = view.agents[.lead]?.message ?? ""
                #expect(message.contains(lead.reason), "\(lead.session): \(message)")
            }
        }
    }

    @Test("what imagegen writes beside its picture is cut where it enters, and a name of 900 KB is an error")
    func pictures() async throws {
        let head = #""result": {"width": 1, "height": 1, "attempts": 1, "cost_usd": 0.25, "cached": false, "#
        let answers = [
            "texts": head
                + ##""image": "@", "media_type": "#", "provider": "#", "model": "#", "warnings": ["#"]}"##,
            "name": head + ##""image": "file:///#", "media_type": "x", "provider": "p", "model": "m"}"##,
        ]
        try await with("imagegen", answers) { stack in
            for session in answers.keys.sorted() {
                try stack.writeStoryboard(durations: [0.2, 0.2, 0.2], session: session)
                let view = try await stack.job(Self.small, session: session)
                #expect(view.state == .error)
                if session == "name" {
                    #expect(view.error?.message.contains("imagegen names a file of 9000") == true, "\(view)")
                    #expect((view.wasted ?? .zero) >= USD(0.25), "\(view)")
                }
                let size = try JSONCoding.encode(view).count
                #expect(size < 100_000, "\(session): \(size)")
                let receipt = try Data(contentsOf: URL(filePath: stack.place("agent5/receipt.json", session: session)))
                #expect(receipt.count < 200_000, "\(session): \(receipt.count)")
            }
            let state = "\(stack.folder)/state/orchestrator"
            let bytes = try FileManager.default.contentsOfDirectory(atPath: state).reduce(0) { sum, name in
                sum + (try FileManager.default.attributesOfItem(atPath: "\(state)/\(name)")[.size] as? Int ?? 0)
            }
            #expect(bytes < 4_000_000, "\(bytes)")
        }
    }

    @Test("a name of 900 KB from clipper is an error of the job")
    func clips() async throws {
        let answer =
            ##""result": {"clip": "file:///#", "duration": 1, "frames": 3, "width": 160, "height": 90, "fps": 30, "bytes": 1, "cost_usd": 0, "encode_s": 0}"##
        try await with("clipper", ["s": answer]) { stack in
            try stack.writeStoryboard(durations: [0.2])
            let view = try await stack.job(Self.small)
            #expect(view.error?.message.contains("clipper names a file of 9000") == true, "\(view)")
            #expect(try JSONCoding.encode(view).count < 50_000)
        }
    }

    @Test("a storyboard as large as is allowed reaches the lead")
    func largeStoryboard() async throws {
        let refusal = #""error": {"code": -32013, "message": "read $ bytes", "data": {"kind": "quota_exhausted"}}"#
        try await with("agent5", ["s": refusal]) { stack in
            let size = try await leadsRequest(stack)
            #expect(size > 7_800_000, "\(size)")
        }
        // Through agent5, which takes as much and gives it to a program.
        let program = """
            import json, sys
            line = sys.stdin.readline()
            print(json.dumps({"error": {"kind": "quota_exhausted", "message": f"read {len(line)} bytes"}}))
            """
        let path = "/tmp/us-lead-\(UInt64.random(in: 0...UInt64.max)).py"
        try program.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await LiveStack.with(
            script: nil,
            ["UNDERSTUDY_AGENT5_PROVIDER": "command", "UNDERSTUDY_AGENT5_COMMAND": "/usr/bin/python3 \(path)"]
        ) { stack in
            let size = try await leadsRequest(stack)
            #expect(size > 7_800_000, "\(size)")
        }
    }

    /// Starts a job with a storyboard of 8 MB, and cancels it after the lead's failure.
    ///
    /// - Returns: the bytes that the lead says it read.
    private func leadsRequest(_ stack: LiveStack) async throws -> Int {
        let words = String(repeating: "x", count: 31_900)
        let segments = (1...245).map { #"{"id":"s\#($0)","duration":0.1,"visual_guidance":"\#(words)"}"# }
        try stack.write(
            #"{"segments":[\#(segments.joined(separator: ","))]}"#, to: stack.place("agent2/storyboard.json"))
        let connection = try await stack.connect("orchestrator")
        let started = try await connection.call(
            OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
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
