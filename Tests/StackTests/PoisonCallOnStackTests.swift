// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import Glibc
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// Poison calls: files that crash every process that decodes them.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PoisonCallOnStackTests {
    /// A proxy of a real clipper that ends at requests with a certain text, as a clipper with a faulty decoder would.
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

    /// Starts a stack with the proxy, which is restarted whenever it ends, runs `body`, and stops the stack.
    ///
    /// - Parameters:
    ///   - poison: The text of the requests that end the proxy.
    ///   - body: Gets the stack, and a function that counts the crashes.
    private func with(
        script: String, poison: String, _ body: (LiveStack, _ crashes: () -> Int) async throws -> Void
    ) async throws {
        try await LiveStack.with(script: script, arguments: ["--without", "clipper"]) { stack in
            try Self.proxy.write(toFile: "\(stack.folder)/proxy.py", atomically: true, encoding: .utf8)
            var environment = stack.environment
            environment["UNDERSTUDY_RUN_DIR"] = "\(stack.folder)/behind"
            environment["UNDERSTUDY_INSTANCE"] = "real"
            let clipper = try await Program("clipper", environment: environment)
            let behind = RunDirectory(path: "\(stack.folder)/behind")
            let real = try behind.socketPath(service: "clipper", instance: "real")
            let connection = try await RPCConnection.connect(to: real, timeout: .seconds(20))
            let pid = try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0
            try stack.runDirectory.prepare(service: "clipper")
            let tally = "\(stack.folder)/tally"
            let mine = try stack.runDirectory.socketPath(service: "clipper", instance: "proxy")
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
            _ = await loop.waitUntilExit()
            _ = await clipper.waitUntilExit()
        }
    }

    @Test
    func `a lead's film that crashes two clippers is the reason of the takeover, and no third one tries it`()
        async throws
    {
        let film = TemporaryPath.new("poison", suffix: ".mp4")
        defer { try? FileManager.default.removeItem(atPath: film) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=2:s=320x180:r=30", "-pix_fmt", "yuv420p", film])
        let script = #"{"calls": [{"steps": [{"video": "\#(film)"}]}]}"#
        // Only probes of the lead's film match, whatever the name of its copy is.
        try await with(script: script, poison: #""method":"clipper.probe","params":{"#) { stack, crashes in
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
            // Two crashes for the lead's film. The understudy's film is probed too, twice at most for each attempt.
            #expect((2...6).contains(crashes()), "\(crashes())")
            #expect(receipt.contains("crashed while processing file://"), "\(receipt)")
        }
    }

    @Test
    func `a narration that crashes clippers leaves its segment silent, after four crashes at most`() async throws {
        try await with(script: LiveStack.failing, poison: "agent4/seg_2.mp3") { stack, crashes in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            for id in ids { try await stack.writeNarration(id, seconds: 0.8) }
            let view = try await stack.waitForEnd(of: try await start(stack))
            let text = try JSONCoding.pretty(view)
            #expect(view.state == .finished, "\(text)")
            #expect(crashes() <= 4, "\(crashes())")
            #expect(text.contains("seg_2: two processes of clipper crashed while processing"), "\(text)")
        }
    }

    @Test
    func `a narration that crashes clippers is not a fault of the lead's film`() async throws {
        let film = TemporaryPath.new("poison", suffix: ".mp4")
        defer { try? FileManager.default.removeItem(atPath: film) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=2:s=320x180:r=30", "-f", "lavfi", "-i",
                "sine=d=2", "-pix_fmt", "yuv420p", film,
            ])
        let script = #"{"calls": [{"steps": [{"video": "\#(film)"}]}]}"#
        try await with(script: script, poison: "agent4/seg_2.mp3") { stack, crashes in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            for id in ids { try await stack.writeNarration(id, seconds: 0.8) }
            let view = try await stack.waitForEnd(of: try await start(stack))
            let text = try JSONCoding.pretty(view)
            #expect(view.state == .finished && view.agents[.understudy] == nil, "\(text)")
            #expect(crashes() <= 4, "\(crashes())")
        }
    }

    @Test
    func `a lead's film that crashes two clippers when it is converted is the reason of the takeover`() async throws {
        let film = TemporaryPath.new("poison", suffix: ".mkv")
        defer { try? FileManager.default.removeItem(atPath: film) }
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc=d=2:s=320x180:r=30", "-pix_fmt", "yuv420p", film])
        let script = #"{"calls": [{"steps": [{"video": "\#(film)"}]}]}"#
        try await with(script: script, poison: #""method":"clipper.convert""#) { stack, crashes in
            try stack.writeStoryboard(durations: [1, 1])
            let view = try await stack.waitForEnd(of: try await start(stack))
            let text = try JSONCoding.pretty(view)
            #expect(view.state == .finished && crashes() == 2, "\(crashes()) \(text)")
            let reason = view.agents[.lead]?.message ?? ""
            #expect(reason.contains("two processes of clipper crashed while processing file://"), "\(reason)")
        }
    }

    private func start(_ stack: LiveStack) async throws -> String {
        let connection = try await stack.connect("orchestrator")
        return try await connection.call(
            OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small)
        ).jobID
    }
}
