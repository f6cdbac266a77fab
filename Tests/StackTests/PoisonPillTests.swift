import Calls
import Contracts
import Foundation
import Glibc
import JSON
import JSONRPC
import ServicePool
import Testing

/// A file that ends the process that decodes it.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PoisonPillTests {
    /// Stands before a real clipper, and dies of requests that name a certain file, as a decoder with a fault would.
    private static let proxy = """
        import os, socket, sys, threading
        mine, real, tally, poison = sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4].encode()
        def pump(source, target, dies):
            rest = b""
            while True:
                part = source.recv(65536)
                if not part: break
                rest += part
                while b"\\n" in rest:
                    line, rest = rest.split(b"\\n", 1)
                    if dies and poison in line and b"clipper.stitch" not in line:
                        with open(tally, "ab") as file: file.write(b"died\\n")
                        os._exit(9)
                    target.sendall(line + b"\\n")
            try: target.shutdown(socket.SHUT_WR)
            except OSError: pass
        server = socket.socket(socket.AF_UNIX)
        if os.path.exists(mine): os.unlink(mine)
        server.bind(mine + ".tmp")
        os.chmod(mine + ".tmp", 0o660)
        server.listen(100)
        os.rename(mine + ".tmp", mine)
        while True:
            client, _ = server.accept()
            behind = socket.socket(socket.AF_UNIX)
            behind.connect(real)
            threading.Thread(target=pump, args=(client, behind, True), daemon=True).start()
            threading.Thread(target=pump, args=(behind, client, False), daemon=True).start()
        """

    /// Runs `body` on a stack whose clipper dies of requests that hold some text, and is started again.
    private func with(
        script: String, poison: String, _ body: (LiveStack, _ deaths: () -> Int) async throws -> Void
    ) async throws {
        try await LiveStack.with(script: script, arguments: ["--without", "clipper"]) { stack in
            try Self.proxy.write(toFile: "\(stack.folder)/proxy.py", atomically: true, encoding: .utf8)
            var environment = stack.environment
            environment["UNDERSTUDY_RUN_DIR"] = "\(stack.folder)/behind"
            environment["UNDERSTUDY_INSTANCE"] = "real"
            let clipper = try await Program("clipper", environment: environment)
            let behind = RunDirectory(path: "\(stack.folder)/behind")
            let real = try behind.socketPath(service: "clipper", instance: "real")
            let connection = try await RPCConnection.connect(to: real, patience: .seconds(20))
            let pid = try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0
            try stack.run.prepare(service: "clipper")
            let tally = "\(stack.folder)/tally"
            let mine = try stack.run.socketPath(service: "clipper", instance: "proxy")
            let loop = try await Program(
                "/bin/sh",
                [
                    "-c", "trap 'kill $p; exit 0' TERM; while true; do python3 \"$@\" & p=$!; wait $p; sleep 0.2; done",
                    "sh",
                    "\(stack.folder)/proxy.py", mine, real, tally, poison,
                ])
            defer {
                loop.signal(SIGTERM)
                kill(pid_t(pid), SIGKILL)
            }
            try await body(stack) {
                ((try? String(contentsOfFile: tally, encoding: .utf8)) ?? "").split(separator: "\n").count
            }
            loop.signal(SIGTERM)
            kill(pid_t(pid), SIGTERM)
            _ = await loop.ended()
            _ = await clipper.ended()
        }
    }

    @Test("a lead's film that ends two clippers is the reason of the takeover, and no third one tries it")
    func film() async throws {
        let film = "/tmp/us-poison-\(UInt32.random(in: 0...UInt32.max)).mp4"
        defer { try? FileManager.default.removeItem(atPath: film) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=2:s=320x180:r=30", "-pix_fmt", "yuv420p", film])
        let script = #"{"calls": [{"steps": [{"video": "\#(film)"}]}]}"#
        // The lead's copy has the script's own name for it; whatever it is called, only the lead's film is probed by it.
        try await with(script: script, poison: #""method":"clipper.probe","params":{"#) { stack, deaths in
            try stack.writeStoryboard(durations: [1, 1])
            let started = try await start(stack)
            let watcher = try await stack.connect("orchestrator")
            _ = try await watcher.call(OrchestratorAPI.watch, WatchJobs(jobID: started, afterSeq: 0))
            for await note in watcher.notifications where note.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: note.params)
                if message.jobState.isTerminal { break }
            }
            let view: JobView = try await watcher.call(OrchestratorAPI.status, JobStatus(jobID: started))
            let receipt = try JSONCoding.pretty(view)
            #expect(receipt.contains("corrupt_media"), "\(receipt)")
            // The lead's film twice; the understudy's own film is looked at twice more, since chance could have been at work.
            #expect((2...6).contains(deaths()), "\(deaths())")
            #expect(receipt.contains("worked on file://"), "\(receipt)")
        }
    }

    @Test("a narration that ends clippers leaves its segment silent, with a warning, after four of them")
    func narration() async throws {
        try await with(script: LiveStack.failing, poison: "agent4/seg_2.mp3") { stack, deaths in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            for id in ids { try await stack.narrate(id, seconds: 0.8) }
            let view = try await stack.end(of: try await start(stack))
            let text = try JSONCoding.pretty(view)
            #expect(view.state == .finished, "\(text)")
            #expect(deaths() <= 4, "\(deaths())")
            #expect(text.contains("seg_2: two processes of clipper broke while they worked on"), "\(text)")
        }
    }

    @Test("a narration that ends clippers is not taken for a fault of the lead's film")
    func narrationOverLead() async throws {
        let film = "/tmp/us-poison-\(UInt32.random(in: 0...UInt32.max)).mp4"
        defer { try? FileManager.default.removeItem(atPath: film) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=2:s=320x180:r=30", "-f", "lavfi", "-i",
                "sine=d=2", "-pix_fmt", "yuv420p", film,
            ])
        let script = #"{"calls": [{"steps": [{"video": "\#(film)"}]}]}"#
        try await with(script: script, poison: "agent4/seg_2.mp3") { stack, deaths in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            for id in ids { try await stack.narrate(id, seconds: 0.8) }
            let view = try await stack.end(of: try await start(stack))
            let text = try JSONCoding.pretty(view)
            #expect(view.state == .finished && view.agents[.understudy] == nil, "\(text)")
            #expect(deaths() <= 4, "\(deaths())")
        }
    }

    @Test("a lead's film that ends two clippers when it is converted is named as the reason of the takeover")
    func conversion() async throws {
        let film = "/tmp/us-poison-\(UInt32.random(in: 0...UInt32.max)).mkv"
        defer { try? FileManager.default.removeItem(atPath: film) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=2:s=320x180:r=30", "-pix_fmt", "yuv420p", film])
        let script = #"{"calls": [{"steps": [{"video": "\#(film)"}]}]}"#
        try await with(script: script, poison: #""method":"clipper.convert""#) { stack, deaths in
            try stack.writeStoryboard(durations: [1, 1])
            let view = try await stack.end(of: try await start(stack))
            let text = try JSONCoding.pretty(view)
            #expect(view.state == .finished && deaths() == 2, "\(deaths()) \(text)")
            let reason = view.agents[.lead]?.message ?? ""
            #expect(reason.contains("two processes of clipper broke while they worked on file://"), "\(reason)")
        }
    }

    private func start(_ stack: LiveStack) async throws -> String {
        let connection = try await stack.connect("orchestrator")
        return try await connection.call(
            OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil)
        ).jobID
    }
}
