// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

/// Control characters in texts of agents, providers and peers are escaped in terminals and logs.
@Suite(.serialized, .timeLimit(.minutes(3))) struct TerminalOutputTests {
    /// A lead's message that would clear the screen, set the title, forge lines and reverse the text.
    private static let hostile =
        "no credit\u{1B}[2J\u{1B}]0;owned\u{7}\r\nfilm: /forged\u{9B}31m\u{202E}\u{7F}\nerror: forged"

    private static let script = """
        {"calls": [{"steps": [{"progress": 0.2, "message": "a\\u001b[2J\\r\\nfilm: /forged\\u009b\\u202e"},
          {"fail": {"kind": "quota_exhausted", "message": "no credit\\u001b[2J\\u001b]0;owned\\u0007\\r\\nfilm: /forged\\u009b31m\\u202e\\u007f\\nerror: forged",
                    "provider": "ac\\u001b[31mme"}}]}]}
        """

    /// The control characters of a text, except line breaks.
    private func controls(_ text: String) -> [Unicode.Scalar] {
        text.unicodeScalars.filter { scalar in
            scalar != "\n"
                && (scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value)
                    || (0x202A...0x202E).contains(scalar.value))
        }
    }

    @Test
    func `usage errors escape control characters of the arguments`() async throws {
        for arguments in [
            ["\u{1B}[2J"], ["ps", "a\u{9B}31m"], ["up", "--without", "\u{202E}x"], ["drill", "--only", "\r\u{7}"],
        ] {
            let result = try await Program.run("understudy", arguments)
            #expect(result.status == 64 && !result.errors.isEmpty, "\(result.errors)")
            #expect(controls(result.errors + result.output) == [], "\(arguments)")
        }
        #expect(try await Program.run("understudy", ["--help"]).output.contains("SUBCOMMANDS"))
        for service in ["logger", "clipper"] {
            let result = try await Program.run(service, ["--x\u{1B}]0;owned\u{7}\u{202E}"])
            #expect(result.status == 64 && result.errors.contains("unknown argument"), "\(result.errors)")
            #expect(controls(result.errors + result.output) == [])
        }
    }

    @Test
    func `a health check escapes control characters of the peer`() async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let socket = try stack.runDirectory.socketPath(service: "logger", instance: "one")
        let peer = """
            import os, socket, sys
            os.umask(0o007)
            os.makedirs(os.path.dirname(sys.argv[1]), exist_ok=True)
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1])
            os.chmod(sys.argv[1], 0o660)
            server.listen()
            print("ready", flush=True)
            for answer in sys.argv[2:]:
                client, _ = server.accept()
                client.recv(65536)
                client.sendall(answer.encode() + b"\\n")
                client.recv(1)
            """
        let message = #"a\u001b[2J\u0007\r\nb\u009b31m\u202e"#
        let error =
            #"{"jsonrpc":"2.0","id":1,"error":{"code":-32011,"message":"\#(message)","data":{"kind":"unavailable"}}}"#
        let health =
            #"{"jsonrpc":"2.0","id":1,"result":{"service":"logger","instance":"one","status":"serving","version":"1","uptime_s":1,"in_flight":0,"capacity":1,"problem":"\#(message)"}}"#
        let answers = [error, health]
        let program = try await Program("/usr/bin/python3", ["-c", peer, socket] + answers)
        #expect(await program.waitForOutput("ready"))
        for _ in answers {
            let result = try await Program.run("logger", ["--healthcheck"], environment: stack.environment)
            #expect(result.status == 1 && result.errors.contains("a"), "\(result.errors)")
            #expect(controls(result.errors + result.output) == [], "\(result.errors)")
        }
        _ = await program.waitUntilExit()
    }

    @Test
    func `every command escapes control characters and line breaks of a lead's message`() async throws {
        let prepared = try LiveStack.prepare(script: Self.script)
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        let up = try await Program("understudy", ["up"], environment: prepared.environment)
        #expect(await up.waitForOutput("ready in"))
        try prepared.writeStoryboard(durations: [1])
        var texts: [(String, String)] = []
        let run = try await prepared.understudy("run", "--user", "u", "--session", "s")
        #expect(run.status == 0)
        texts.append(("run", run.output + run.errors))
        let id = try await prepared.connect("orchestrator").call(OrchestratorAPI.list, ListJobs()).jobs[0].jobID
        for arguments in [
            ["status", id], ["status", id, "--json"], ["receipt", id], ["receipt", id, "--json"], ["watch", id],
            ["call", "orchestrator", "orchestrator.status", "{\"job_id\": \"\(id)\"}"],
            ["call", "logger", "logger.tail"],
        ] {
            let result = try await Program.run("understudy", arguments, environment: prepared.environment)
            #expect(result.status == 0)
            texts.append((arguments[0], result.output + result.errors))
        }
        up.signal(SIGTERM)
        let log = await up.waitUntilExit()
        texts.append(("up", log.output + log.errors))
        for (name, text) in texts {
            #expect(controls(text) == [], "\(name)")
            let forged = text.split(separator: "\n").filter {
                $0.hasPrefix("film: /forged") || $0.hasPrefix("error: forged")
            }
            #expect(forged.isEmpty, "\(name)")
        }
        // The text is still readable, and JSON has the same value.
        #expect(texts[0].1.contains(#"no credit\u{1B}[2J"#))
        let json = texts.first { $0.1.hasPrefix("{") }?.1 ?? ""
        let view = try JSONCoding.decode(JobView.self, from: Data(json.utf8))
        #expect(view.agents[.lead]?.message == Self.hostile)
    }

    @Test
    func `absurd numbers of a lead and a service end no command`() async throws {
        let script = """
            {"calls": [{"steps": [{"fail": {"kind": "rate_limited", "message": "slow down", "retry_after_s": 1e30}}]}]}
            """
        try await LiveStack.with(script: script) { stack in
            try stack.writeStoryboard(durations: [1])
            let view = try await stack.runJob()
            #expect(view.state == .finished)
            for arguments in [["receipt", view.jobID], ["receipt", view.jobID, "--json"], ["status", view.jobID]] {
                let result = try await Program.run("understudy", arguments, environment: stack.environment)
                #expect(result.status == 0, "\(result.errors)")
                #expect(result.output.contains("slow down") || arguments[0] == "status")
            }
            let path = stack.artifactPath("agent5/receipt.json")
            var receipt = try String(contentsOfFile: path, encoding: .utf8)
            receipt = receipt.replacing(try Regex("\"seconds\" : [0-9.e-]+"), with: "\"seconds\" : 1e300")
            try receipt.write(toFile: path, atomically: true, encoding: .utf8)
            let text = try await stack.understudy("receipt", path)
            #expect(text.status == 0 && text.output.contains("Time\n"), "\(text.errors)")
            let service = try await HealthPeer.start(in: stack, uptime: "1e300")
            let processes = try await stack.understudy("ps")
            #expect(processes.status == 0 && processes.output.contains("odd"), "\(processes.errors)")
            await service.stop()
        }
    }

    @Test
    func `the supervisor truncates a log line of a megabyte and keeps the service running`() async throws {
        let prepared = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: prepared.folder) }
        let tools = "\(prepared.folder)/bin"
        try FileManager.default.createDirectory(atPath: tools, withIntermediateDirectories: true)
        // A program looks for the others in the folder of its own file, after resolving links.
        try FileManager.default.copyItem(atPath: "\(Program.folder)/understudy", toPath: "\(tools)/understudy")
        for name in ["imagegen", "clipper", "stitcher", "agent5", "orchestrator", "dashboard"] {
            try FileManager.default.createSymbolicLink(
                atPath: "\(tools)/\(name)", withDestinationPath: "\(Program.folder)/\(name)")
        }
        try prepared.write(
            "#!/bin/sh\nhead -c 1000000 /dev/zero | tr '\\0' x >&2\necho >&2\nexec \(Program.folder)/logger\n",
            to: "\(tools)/logger")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(tools)/logger")
        let up = try await Program("\(tools)/understudy", ["up"], environment: prepared.environment)
        #expect(await up.waitForOutput("ready in"))
        #expect(try await prepared.understudy("call", "logger", "logger.flush").status == 0)
        up.signal(SIGTERM)
        let log = await up.waitUntilExit()
        let cut = log.output.split(separator: "\n").filter { $0.hasPrefix("logger/logger-1 | xxx") }
        #expect(cut.count == 1 && (cut.first?.utf8.count ?? 0) < 9000)
        #expect(cut.first?.hasSuffix("[cut, 1000000 bytes]") == true)
        #expect(!log.output.contains("restarting in"))
    }
}

/// A service in Python that replies to `rpc.health` only.
private final class HealthPeer: Sendable {
    private let program: Program

    private init(_ program: Program) {
        self.program = program
    }

    static func start(in stack: LiveStack, uptime: String) async throws -> HealthPeer {
        try stack.write(
            """
            import json, os, socket, sys
            path = sys.argv[1]
            os.umask(0o007)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            server = socket.socket(socket.AF_UNIX)
            server.bind(path)
            server.listen()
            print("listening", flush=True)
            while True:
                connection, _ = server.accept()
                for line in connection.makefile():
                    connection.sendall(('{"jsonrpc":"2.0","id":%s,"result":{"service":"odd","instance":"py",'
                        '"status":"serving","version":"1","uptime_s":\(uptime),"in_flight":0,"capacity":1}}\\n'
                        % json.dumps(json.loads(line)["id"])).encode())
            """, to: "\(stack.folder)/odd.py")
        let program = try await Program(
            "/usr/bin/env",
            ["python3", "\(stack.folder)/odd.py", try stack.runDirectory.socketPath(service: "odd", instance: "py")])
        guard await program.waitForOutput("listening") else {
            throw ServiceError(.internal, await program.waitUntilExit().errors)
        }
        return HealthPeer(program)
    }

    func stop() async {
        program.signal(SIGKILL)
        _ = await program.waitUntilExit()
    }
}
