// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Glibc
import JSON
import JSONRPC
import Testing

/// A lead whose errors are almost as long as a line may be.
@Suite(.serialized, .timeLimit(.minutes(4))) struct LongTextOnStackTests {
    /// Replies to `agent.process` with an error message of 3.9 MB.
    private static let lead = """
        import json, os, socket, sys, threading
        path = sys.argv[1]
        server = socket.socket(socket.AF_UNIX)
        server.bind(path + ".tmp")
        server.listen(64)
        os.rename(path + ".tmp", path)
        health = {"service": "agent5", "instance": "wordy", "status": "serving", "version": "1", "uptime_s": 1,
                  "in_flight": 0, "capacity": 64}
        message = "word " * 780000
        def serve(connection):
            for line in connection.makefile("rb"):
                call = json.loads(line)
                if "id" not in call:
                    continue
                answer = {"jsonrpc": "2.0", "id": call["id"]}
                if call["method"] == "rpc.health":
                    answer["result"] = health
                else:
                    data = {"kind": "content_rejected", "retryable": False, "detail": "d" * 1000}
                    answer["error"] = {"code": -32014, "message": message, "data": data}
                connection.sendall(json.dumps(answer).encode() + b"\\n")
        while True:
            connection, _ = server.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()
        """

    @Test
    func `error messages of 3.9 MB are cut: after 18 jobs the database is small and every list works`() async throws {
        let prepared = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        let folder = "\(prepared.folder)/run/agent5"
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o770])
        let lead = Process()
        lead.executableURL = URL(filePath: "/usr/bin/python3")
        lead.arguments = ["-c", Self.lead, "\(folder)/wordy.sock"]
        try lead.run()
        defer {
            kill(lead.processIdentifier, SIGKILL)
            lead.waitUntilExit()
        }
        try await LiveStack.with(prepared: prepared, arguments: ["--without", "agent5"]) { stack in
            let orchestrator = try await stack.connect("orchestrator")
            var jobs: [String] = []
            for number in 1...18 {
                try stack.writeStoryboard(durations: [0.2], session: "s\(number)")
                let started = try await orchestrator.call(
                    "orchestrator.start",
                    params: [
                        "user_id": "u", "session_id": .string("s\(number)"),
                        "options": ["width": 160, "height": 90, "fps": 24],
                    ])
                jobs.append(started["job_id"]?.string ?? "")
            }
            for job in jobs {
                let view = try await stack.waitForEnd(of: job)
                #expect(view.agents[.lead]?.status == .error)
                #expect((view.agents[.lead]?.message.utf8.count ?? 0) <= 4200, "\(view.state)")
            }
            let list = try await orchestrator.call(OrchestratorAPI.list, ListJobs())
            #expect(list.jobs.count == 18)
            let database = try FileManager.default.contentsOfDirectory(atPath: "\(stack.folder)/state/orchestrator")
                .reduce(0) { sum, name in
                    let path = "\(stack.folder)/state/orchestrator/\(name)"
                    return sum + (try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int ?? 0)
                }
            #expect(database < 16_000_000, "\(database) bytes")
            let page = PageFixture(stack: stack, url: try await PageFixture.address(in: stack))
            for path in ["/api/jobs", "/metrics"] {
                #expect(try await page.curl(path, "-o", "/dev/null", "-D", "-").status == 200)
            }
        }
    }
}
