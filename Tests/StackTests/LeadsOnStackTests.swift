// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// Leads that users supply: a program, and a service.
@Suite(.serialized, .timeLimit(.minutes(4))) struct LeadsOnStackTests {
    private static let example: String = {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().path
        return "\(root)/services/agent5/docs/agent5.py"
    }()

    /// Starts a stack whose lead is a Python program, runs `body` with the program's path, and stops the stack.
    ///
    /// - Parameter text: The program; the documented example if `nil`.
    private func withProgram(_ text: String?, _ body: (LiveStack, String) async throws -> Void) async throws {
        let path = TemporaryPath.new("lead", suffix: ".py")
        try text?.write(toFile: path, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let command = "/usr/bin/python3 '\(text == nil ? Self.example : path)'"
        try await LiveStack.with(
            script: nil, ["UNDERSTUDY_AGENT5_PROVIDER": "command", "UNDERSTUDY_AGENT5_COMMAND": command]
        ) { try await body($0, path) }
    }

    @Test
    func `a Python program makes the clips, and the film consists of them and the narrations`() async throws {
        try await withProgram(nil) { stack, _ in
            let ids = try stack.writeStoryboard(durations: [1, 2])
            try await stack.writeNarration(ids[1], seconds: 1.5)
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.segments.map(\.maker) == [.lead, .lead], "\(view.segments.map(\.maker))")
            #expect(view.costs.lead == USD(0.1) && view.costs.understudy == .zero, "\(view.costs.line)")
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=3.0"))
            let onset = try #require(try await FilmInspection.onset(film, at: 1))
            #expect(abs(onset) < 0.05)
        }
    }

    @Test
    func `a program's rejection, crash or invalid output is the reason of the takeover`() async throws {
        let program = """
            import json, os, sys
            request = json.loads(sys.stdin.readline())
            print("loading the model", flush=True)
            print(json.dumps({"progress": 0.5, "message": "half"}), flush=True)
            kind = request["session_id"]
            if kind == "rejects":
                print(json.dumps({"error": {"kind": "content_rejected", "message": "not this hill", "provider_code": "nsfw"}}))
            elif kind == "crashes":
                sys.exit("out of memory on cuda:0")
            elif kind == "malformed":
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
            for (session, reason) in [
                ("rejects", "not this hill"), ("crashes", "out of memory on cuda:0"), ("malformed", "clips"),
                ("silent", "without a result"), ("noisy", "no credit after all the noise"),
                ("counts", "printed a result that cannot be parsed, not JSON at byte"),
            ] {
                try stack.writeStoryboard(durations: [1], session: session)
                _ = try await stack.connect("orchestrator").call(
                    "orchestrator.breaker", params: ["agent": "agent5", "action": "reset"])
                let view = try await stack.runJob(session: session)
                #expect(view.state == .finished, "\(session): \(view.error?.message ?? "")")
                #expect(view.segments.map(\.maker) == [.understudy], "\(session)")
                let receipt = try await stack.connect("orchestrator").call(
                    OrchestratorAPI.receipt, JobReference(jobID: view.jobID))
                #expect(receipt.takeover?.reason.contains(reason) == true, "\(receipt.takeover?.reason ?? "")")
            }
        }
    }

    @Test
    func `cancelling the job ends the program and its child processes`() async throws {
        let pidFile = TemporaryPath.new("child")
        let program = """
            import subprocess, sys, time
            sys.stdin.readline()
            child = subprocess.Popen(["/usr/bin/sleep", "600"])
            open("\(pidFile)", "w").write(str(child.pid))
            time.sleep(600)
            """
        defer { try? FileManager.default.removeItem(atPath: pidFile) }
        try await withProgram(program) { stack, path in
            try stack.writeStoryboard(durations: [1])
            let connection = try await stack.connect("orchestrator")
            let started = try await connection.call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            let child = try await firstValue("the program has started its child") { () -> String? in
                let pid = (try? String(contentsOfFile: pidFile, encoding: .utf8)) ?? ""
                return pid.isEmpty ? nil : pid
            }
            #expect(FileManager.default.fileExists(atPath: "/proc/\(child)"))
            _ = try await connection.call(OrchestratorAPI.cancel, JobReference(jobID: started.jobID))
            #expect(try await stack.waitForEnd(of: started.jobID).state == .cancelled)
            // A process whose parent has ended is a zombie until init reaps it.
            func isAlive() -> Bool {
                let state = (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8)) ?? ""
                return !state.isEmpty && !state.contains(") Z ")
            }
            try await until("the child has ended") { !isAlive() }
            #expect(try await Program.run("/usr/bin/pgrep", ["-f", path]).output == "")
        }
    }

    @Test
    func `a service on a socket of the user is the lead; its errors and its absence are reported`() async throws {
        let path = TemporaryPath.new("own", suffix: ".sock")
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
        let service = try await Program("/usr/bin/python3", ["-c", server])
        #expect(await service.waitForOutput("ready"))
        let environment = ["UNDERSTUDY_AGENT5_PROVIDER": "socket", "UNDERSTUDY_AGENT5_SOCKET": path]
        try await LiveStack.with(script: nil, environment) { stack in
            func reason() async throws -> String {
                try stack.writeStoryboard(durations: [1])
                let view = try await stack.runJob()
                #expect(view.state == .finished)
                let receipt = try await stack.connect("orchestrator").call(
                    OrchestratorAPI.receipt, JobReference(jobID: view.jobID))
                return receipt.takeover?.reason ?? ""
            }
            let first = try await reason()
            #expect(first.contains("no more credit"))
            service.signal(SIGKILL)
            _ = await service.waitUntilExit()
            let second = try await reason()
            #expect(second.contains("no service listens on \(path)"))
        }
    }
}
