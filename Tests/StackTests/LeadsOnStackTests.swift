import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

/// Leads of the user's own: a program, and a service.
@Suite(.serialized) struct LeadsOnStackTests {
    private static let example: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return "\(root)/services/agent5/docs/agent5.py"
    }()

    private func withProgram(_ text: String?, _ body: (LiveStack, String) async throws -> Void) async throws {
        let path = "/tmp/us-lead-\(UInt64.random(in: 0...UInt64.max)).py"
        try text?.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let command = "/usr/bin/python3 '\(text == nil ? Self.example : path)'"
        try await LiveStack.with(
            script: nil, ["UNDERSTUDY_AGENT5_PROVIDER": "command", "UNDERSTUDY_AGENT5_COMMAND": command]
        ) { try await body($0, path) }
    }

    @Test("a Python program makes the clips, and the film is made of them and the narrations")
    func film() async throws {
        try await withProgram(nil) { stack, _ in
            let ids = try stack.writeStoryboard(durations: [1, 2])
            try await stack.narrate(ids[1], seconds: 1.5)
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead], "\(view.segments.map(\.maker))")
            #expect(view.costs.lead == USD(0.1) && view.costs.understudy == .zero, "\(view.costs.line)")
            let film = stack.place("agent5/final.mp4")
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=3.0"))
            let onset = try #require(try await Judge.onset(film, at: 1))
            #expect(abs(onset) < 0.05)
        }
    }

    @Test("a program's refusal, its crash and its nonsense are the reasons of the takeover")
    func faults() async throws {
        let program = """
            import json, os, sys
            request = json.loads(sys.stdin.readline())
            print("loading the model", flush=True)
            print(json.dumps({"progress": 0.5, "message": "half"}), flush=True)
            kind = request["session_id"]
            if kind == "refuses":
                print(json.dumps({"error": {"kind": "content_rejected", "message": "not this hill", "provider_code": "nsfw"}}))
            elif kind == "crashes":
                sys.exit("out of memory on cuda:0")
            elif kind == "babbles":
                print(json.dumps({"clips": "all of them"}))
            elif kind == "silent":
                pass
            elif kind == "noisy":
                # A progress bar, and a model's weights.
                sys.stderr.write("x" * 5_000_000)
                sys.stderr.flush()
                print("y" * 5_000_000)
                print(json.dumps({"error": {"kind": "quota_exhausted", "message": "no credit after all the noise"}}))
            elif kind == "counts":
                print(json.dumps({"clips": [], "cost_usd": float("nan")}))
            """
        try await withProgram(program) { stack, _ in
            for (session, words) in [
                ("refuses", "not this hill"), ("crashes", "out of memory on cuda:0"), ("babbles", "clips"),
                ("silent", "without a result"), ("noisy", "no credit after all the noise"),
                ("counts", "gave an answer that cannot be read, not JSON at byte"),
            ] {
                try stack.writeStoryboard(durations: [1], session: session)
                _ = try await stack.connect("orchestrator").call(
                    "orchestrator.breaker", params: ["agent": "agent5", "action": "reset"])
                let view = try await stack.job(session: session)
                #expect(view.state == .finished, "\(session): \(view.error?.message ?? "")")
                #expect(view.segments.map(\.maker) == [.understudy], "\(session)")
                let receipt = try await stack.connect("orchestrator").call(
                    OrchestratorAPI.receipt, JobReference(jobID: view.jobID))
                #expect(receipt.takeover?.reason.contains(words) == true, "\(receipt.takeover?.reason ?? "")")
            }
        }
    }

    @Test("cancelling the job ends the program and what it started")
    func cancel() async throws {
        let mark = "/tmp/us-child-\(UInt64.random(in: 0...UInt64.max))"
        let program = """
            import subprocess, sys, time
            sys.stdin.readline()
            child = subprocess.Popen(["/usr/bin/sleep", "600"])
            open("\(mark)", "w").write(str(child.pid))
            time.sleep(600)
            """
        defer { try? FileManager.default.removeItem(atPath: mark) }
        try await withProgram(program) { stack, path in
            try stack.writeStoryboard(durations: [1])
            let connection = try await stack.connect("orchestrator")
            let started = try await connection.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            var child = ""
            while child.isEmpty {
                child = (try? String(contentsOfFile: mark, encoding: .utf8)) ?? ""
                try await Task.sleep(for: .milliseconds(10))
            }
            #expect(FileManager.default.fileExists(atPath: "/proc/\(child)"))
            _ = try await connection.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            #expect(try await stack.end(of: started.jobID).state == .cancelled)
            // A child whose parent is gone waits for the system to take it away.
            func isAlive() -> Bool {
                let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
                return !state.isEmpty && !state.contains(") Z ")
            }
            for _ in 0..<600 where isAlive() { try await Task.sleep(for: .milliseconds(20)) }
            #expect(!isAlive())
            #expect(try await Program.run("/usr/bin/pgrep", ["-f", path]).output == "")
        }
    }

    @Test("a service of one's own on a socket is the lead; progress and errors go through, and so does its absence")
    func socket() async throws {
        let path = "/tmp/us-own-\(UInt64.random(in: 0...UInt64.max)).sock"
        let server = """
            import json, socket, sys, threading
            listener = socket.socket(socket.AF_UNIX)
            listener.bind("\(path)")
            listener.listen()
            print("ready", flush=True)
            def serve(peer):
                for line in peer.makefile():
                    call = json.loads(line)
                    if "id" not in call: continue
                    say = lambda value: peer.sendall((json.dumps({"jsonrpc": "2.0", **value}) + "\\n").encode())
                    say({"method": "rpc.progress", "params": {"id": call["id"], "fraction": 0.4, "message": "dreaming"}})
                    data = {"kind": "quota_exhausted", "retryable": False, "provider": "ours"}
                    say({"id": call["id"], "error": {"code": -32013, "message": "no more credit", "data": data}})
            while True:
                threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
            """
        defer { try? FileManager.default.removeItem(atPath: path) }
        let own = try await Program("/usr/bin/python3", ["-c", server])
        #expect(await own.says("ready"))
        let environment = ["UNDERSTUDY_AGENT5_PROVIDER": "socket", "UNDERSTUDY_AGENT5_SOCKET": path]
        try await LiveStack.with(script: nil, environment) { stack in
            func reason() async throws -> String {
                try stack.writeStoryboard(durations: [1])
                let view = try await stack.job()
                #expect(view.state == .finished)
                let receipt = try await stack.connect("orchestrator").call(
                    OrchestratorAPI.receipt, JobReference(jobID: view.jobID))
                return receipt.takeover?.reason ?? ""
            }
            let first = try await reason()
            #expect(first.contains("no more credit"))
            own.signal(SIGKILL)
            _ = await own.ended()
            let second = try await reason()
            #expect(second.contains("nobody listens on \(path)"))
        }
    }
}
