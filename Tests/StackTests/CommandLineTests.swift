// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServiceKit
import ServicePool
import Testing

/// Commands of `understudy`, and the documented examples in Python, against a running stack.
@Suite(.serialized, .timeLimit(.minutes(4))) struct CommandLineTests {
    @Test
    func `call prints the result to standard output, or the error to standard error with exit status 1`() async throws {
        try await LiveStack.with { stack in
            let good = try await stack.understudy("call", "imagegen", "imagegen.providers")
            #expect(good.status == 0)
            #expect(
                try JSONCoding.decode(ImageProviders.self, from: Data(good.output.utf8)).providers[0].name == "card")
            let bad = try await stack.understudy("call", "clipper", "clipper.create", "{\"image\": 5}")
            #expect(bad.status == 1 && bad.output.isEmpty)
            #expect(bad.errors == "understudy: error -32602 invalid_params: /image: expected a string\n")
            let raw = try await stack.understudy("call", "clipper", "clipper.nope", "--raw")
            #expect(raw.status == 1 && raw.errors.contains("\"code\" : -32601"))
            let piped = try await stack.understudy(
                "call", "logger", "logger.log", "-", input: "{\"event_type\": \"x\", \"data\": {\"job_id\": \"j\"}}\n")
            #expect(piped.status == 0)
            #expect(try await stack.understudy("call", "logger", "logger.tail").output.contains("\"job_id\" : \"j\""))
            #expect(try await stack.understudy("call", "nobody", "rpc.health").status == 1)
            #expect(try await stack.understudy("call", "clipper", "rpc.health", "{oops").status == 1)
            #expect(try await stack.understudy("dance").status == 64)
            let doctor = try await stack.understudy("doctor")
            #expect(doctor.status == 0, "\(doctor.output)")
        }
    }

    @Test
    func `call sends nothing that violates the schema, and shows progress in a terminal`() async throws {
        try await LiveStack.with { stack in
            let typo = try await stack.understudy("call", "clipper", "clipper.probe", #"{"medai":"file:///a.mp4"}"#)
            #expect(
                typo.status == 1
                    && typo.errors.contains("/medai: clipper.probe has no such parameter; did you mean media?"))
            let range = try await stack.understudy(
                "call", "clipper", "clipper.create",
                #"{"image":"file:///a.png","duration":1,"output":"file:///a.mp4","width":1}"#)
            #expect(range.status == 1 && range.errors.contains("/width: expected an integer"), "\(range.errors)")
            let stats = try await stack.connect("clipper").call(ServiceStats.method, NoParams())
            #expect(stats.methods.keys.allSatisfy { $0.hasPrefix("rpc.") })

            let output = "file://\(stack.store)/still.png"
            let call =
                #"call imagegen imagegen.generate '{"prompt":"A hill","width":640,"height":360,"output":"\#(output)"}'"#
            let terminal = try await Program.run(
                "/usr/bin/script", ["-qec", "\(Program.folder)/understudy \(call)", "/dev/null"],
                environment: stack.environment)
            #expect(terminal.output.contains(" % card"), "\(terminal.output)")
            #expect(terminal.output.contains("\"provider\" : \"card\""))
        }
    }

    @Test
    func `bash completes services, replicas, methods and parameters of the running stack`() async throws {
        try await LiveStack.with { stack in
            /// What bash suggests for the last word.
            func suggestions(_ words: String...) async throws -> [String] {
                let line = words.joined(separator: " ")
                let script = """
                    eval "$(\(Program.folder)/understudy --generate-completion-script bash)"
                    COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " "))) COMP_CWORD=\(words.count - 1)
                    COMP_LINE='\(line)' COMP_POINT=\(line.utf8.count)
                    _understudy
                    printf '%s\\n' "${COMPREPLY[@]}"
                    """
                let exit = try await Program.run(
                    "/bin/bash", ["-c", script],
                    environment: stack.environment.merging(["PATH": "\(Program.folder):/usr/bin:/bin"]) { $1 })
                return exit.output.split(separator: "\n").map(String.init)
            }
            let services = try await suggestions("understudy", "call", "cl")
            #expect(services.contains("clipper"))
            let methods = try await suggestions("understudy", "call", "clipper", "clipper.p")
            #expect(methods.contains("clipper.probe"))
            let replicas = try await suggestions("understudy", "tap", "stitcher", "")
            #expect(replicas.contains("stitcher-1"))
            let described = try await suggestions("understudy", "describe", "logger", "")
            #expect(described.contains("logger.tail"))
        }
    }

    @Test
    func `describe lists the methods of a service, and shows the parameters and the result of one`() async throws {
        try await LiveStack.with { stack in
            let all = try await stack.understudy("describe", "clipper")
            #expect(all.output.hasPrefix("clipper \(ServiceSettings.version) Makes clips"), "\(all.errors)")
            #expect(all.output.contains("\n  clipper.probe          Reports"))
            let one = try await stack.understudy("describe", "clipper", "clipper.create")
            for line in [
                "  Idempotent: repeating a call has no further effect.",
                "    image*  string. The artifact URI of a PNG, JPEG, WebP or GIF.",
                "      from*  object. The part of the picture that is shown first.",
                "        width*  number 0.1...1. The width, equal to the height.",
            ] {
                #expect(one.output.contains(line), "\(one.output)")
            }
            let json = try await stack.understudy("describe", "clipper", "clipper.create", "--json")
            #expect(try JSONCoding.decode(JSONValue.self, from: Data(json.output.utf8))["name"] == "clipper.create")
            let misspelt = try await stack.understudy("describe", "clipper", "clipper.crate")
            #expect(misspelt.errors.contains("did you mean clipper.create?"), "\(misspelt.errors)")
        }
    }

    @Test
    func `loglevel sets the level of all replicas, and ps --watch shows what they do`() async throws {
        try await LiveStack.with(arguments: ["--scale", "clipper=2"]) { stack in
            let set = try await stack.understudy("loglevel", "clipper", "debug")
            #expect(set.output == "clipper-1 debug\nclipper-2 debug\n", "\(set.errors)")
            #expect(try await stack.understudy("loglevel", "imagegen").output == "imagegen-1 info\n")
            let misspelt = try await stack.understudy("loglevel", "clipper", "debgu")
            #expect(misspelt.status == 1 && misspelt.errors.contains("did you mean debug?"), "\(misspelt.errors)")
            #expect(try await stack.understudy("loglevel", "cliper").errors.contains("did you mean clipper?"))

            let watch = try await Program("understudy", ["ps", "--watch"], environment: stack.environment)
            #expect(await watch.waitForOutput("INSTANCE"))
            let failed = try await stack.understudy(
                "call", "clipper", "clipper.probe", #"{"media":"file:///none.mp4"}"#)
            #expect(failed.status == 1)
            #expect(await watch.waitForOutput("not_found 1"))
            // From the second table on there are rates.
            #expect(await watch.waitForOutput(" %"))
            watch.signal(SIGINT)
            #expect(await watch.waitUntilExit().status == 130)
            let lines = watch.output.split(separator: "\n")
            #expect(lines.contains { $0.hasPrefix("clipper ") && $0.contains("clipper.probe") })
            #expect(lines.contains { $0.hasPrefix("orchestrator ") })
        }
    }

    @Test
    func `inputs are stored where the orchestrator reports its files, whatever the command line's settings are`()
        async throws
    {
        try await LiveStack.with(["UNDERSTUDY_ROOT": "films"]) { stack in
            let health = try await stack.connect("orchestrator").call(ServiceHealth.method, NoParams())
            #expect(health.layout == ServiceLayout(store: "file://\(stack.store)", root: "films"))
            #expect(try await stack.connect("clipper").call(ServiceHealth.method, NoParams()).layout == nil)
            let board = "\(stack.folder)/board.json"
            try stack.write(
                "{\"segments\": [{\"id\": \"one\", \"duration\": 1, \"visual_guidance\": \"The sea\"}]}", to: board)
            var environment = stack.environment
            environment["UNDERSTUDY_ROOT"] = nil
            environment["UNDERSTUDY_STORE"] = "file://\(stack.folder)/elsewhere"
            let run = try await Program.run(
                "understudy", ["run", "--user", "u", "--session", "s", "--storyboard", board], environment: environment)
            #expect(run.status == 0, "\(run.errors)")
            let folder = "\(stack.store)/films/u/s"
            #expect(FileManager.default.fileExists(atPath: "\(folder)/agent2/storyboard.json"))
            #expect(FileManager.default.fileExists(atPath: "\(folder)/agent5/final.mp4"))
            #expect(!FileManager.default.fileExists(atPath: "\(stack.folder)/elsewhere"))
        }
    }

    @Test
    func `run uses the running stack and copies the film; status, watch and receipt report the job`() async throws {
        try await LiveStack.with { stack in
            let inputs = "\(stack.folder)/in"
            try stack.write(
                "{\"segments\": [{\"id\": \"one\", \"duration\": 1, \"visual_guidance\": \"The sea\"}]}",
                to: "\(inputs)/board.json")
            try stack.write("no sound", to: "\(inputs)/one.mp3")
            let run = try await stack.understudy(
                "run", "--user", "u", "--session", "s", "--storyboard", "\(inputs)/board.json", "--audio", inputs,
                "--option", "mode=simple", "--output", "\(stack.folder)/out.mp4")
            #expect(run.status == 0, "\(run.errors)")
            #expect(run.output.contains("Agent6 finished 3/3: the film is ready (1.0 s)"))
            #expect(try await FilmInspection.probe("\(stack.folder)/out.mp4").contains("nb_frames=30"))
            let jobs = try await stack.connect("orchestrator").call(OrchestratorAPI.list, ListJobs())
            let id = jobs.jobs[0].jobID
            let receipt = try await stack.understudy("receipt", id)
            #expect(receipt.output.contains("The film of \(id) is ready. Agent5 could not make it, so Agent6 did.\n"))
            #expect(receipt.output.contains(": \"You exceeded your current quota\" (acme, no credit left).\n"))
            #expect(receipt.output.contains("Warnings\n  one: one.mp3"))
            let json = try await stack.understudy("receipt", id, "--json")
            let stored = try String(contentsOfFile: stack.artifactPath("agent5/receipt.json"), encoding: .utf8)
            #expect(json.output == stored)
            let path = stack.artifactPath("agent5/receipt.json")
            #expect(try await stack.understudy("receipt", path).output == receipt.output)
            #expect(
                try await stack.understudy("receipt", "\(inputs)/board.json").errors.contains(
                    "is not a receipt: /state"))
            #expect(try await stack.understudy("receipt", "/nowhere/receipt.json").errors.contains("not_found"))
            #expect(try await stack.understudy("status", id).output.contains("Agent6: finished"))
            #expect(try await stack.understudy("status").output.contains(id))
            #expect(try await stack.understudy("watch", id).status == 0)
            let unknown = try await stack.understudy("status", "job-none")
            #expect(unknown.status == 1 && unknown.errors.contains("not_found"))
        }
    }

    @Test
    func `a rejected run restores the files that it replaced in the store, whatever their size`() async throws {
        try await LiveStack.with { stack in
            let inputs = "\(stack.folder)/in"
            try stack.write(#"{"segments": [{"id": "one", "duration": 1}]}"#, to: "\(inputs)/board.json")
            for name in ["one", "two"] { try stack.write("new", to: "\(inputs)/\(name).wav") }
            let (narration, storyboard) = (
                stack.artifactPath("agent4/one.wav"), stack.artifactPath("agent2/storyboard.json")
            )
            try stack.write("old", to: storyboard)
            try stack.write("old", to: narration)
            let file = try FileHandle(forWritingTo: URL(filePath: narration))
            try file.truncate(atOffset: 70 << 20)
            try file.seekToEnd()
            try file.write(contentsOf: Data("end".utf8))
            try file.close()
            let run = try await stack.understudy(
                "run", "--user", "u", "--session", "s", "--storyboard", "\(inputs)/board.json", "--audio", inputs,
                "--option", "nonsense=1")
            #expect(run.status == 1 && run.errors.contains("nonsense"), "\(run.errors)")
            let bytes = try? Data(contentsOf: URL(filePath: narration))
            #expect(bytes?.count == (70 << 20) + 3 && bytes?.suffix(3) == Data("end".utf8), "\(bytes?.count ?? -1)")
            #expect(try String(contentsOfFile: storyboard, encoding: .utf8) == "old")
            for (folder, names) in [("agent4", ["one.wav"]), ("agent2", ["storyboard.json"])] {
                #expect(try FileManager.default.contentsOfDirectory(atPath: stack.artifactPath(folder)) == names)
            }
        }
    }

    @Test
    func `a lead in Python that listens in the run directory is called like the built-in one`() async throws {
        try await LiveStack.with(script: nil, arguments: ["--without", "agent5"]) { stack in
            #expect(stack.runDirectory.instances(of: "agent5").isEmpty)
            try stack.writeStoryboard(durations: [1])
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
                        call = json.loads(line)
                        reply = {"jsonrpc": "2.0", "id": call["id"]}
                        if call["method"] == "rpc.health":
                            reply["result"] = {"service": "agent5", "instance": "py", "status": "serving", "version": "1",
                                               "uptime_s": 1, "in_flight": 0, "capacity": 1}
                        else:
                            reply["error"] = {"code": -32014, "message": "the safety system refused: "
                                              + call["params"]["job_id"], "data": {"kind": "content_rejected"}}
                        connection.sendall((json.dumps(reply) + "\\n").encode())
                """, to: "\(stack.folder)/lead.py")
            let lead = try await Program(
                "/usr/bin/env",
                [
                    "python3", "\(stack.folder)/lead.py",
                    try stack.runDirectory.socketPath(service: "agent5", instance: "py"),
                ])
            #expect(await lead.waitForOutput("listening"))
            let view = try await stack.runJob()
            #expect(view.state == .finished)
            #expect(view.agents[.lead]?.message == "the safety system refused: \(view.jobID)")
            lead.signal(SIGKILL)
            _ = await lead.waitUntilExit()
        }
    }

    /// The first Python block of `docs/integration.md` that contains a text.
    private func documentedPython(_ text: String) throws -> Substring {
        let root = Program.folder.replacing(try Regex("/\\.build.*$"), with: "")
        let document = try String(contentsOfFile: "\(root)/docs/integration.md", encoding: .utf8)
        let blocks = document.split(separator: "```python\n").dropFirst().compactMap {
            $0.split(separator: "```").first
        }
        return try #require(blocks.first { $0.contains(text) })
    }

    @Test
    func `the documented Python agent serves as any of the three agents, and the understudy makes the film`()
        async throws
    {
        let snippet = try documentedPython("sys.argv[1]")
        #expect(snippet.split(separator: "\n").count <= 40)
        try await LiveStack.with(script: nil, arguments: ["--without", "agent5"]) { stack in
            try stack.write(String(snippet), to: "\(stack.folder)/agent.py")
            var agents: [Program] = []
            for name in ["agent2", "agent4", "agent5"] {
                let agent = try await Program(
                    "/usr/bin/env", ["python3", "\(stack.folder)/agent.py", name], environment: stack.environment)
                #expect(await agent.waitForOutput("listening"))
                agents.append(agent)
            }
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.costs.agent2 == USD(0.01) && view.costs.agent4 == USD(0.01))
            #expect(view.agents[.agent4]?.status == .finished)
            #expect(view.agents[.lead]?.message == "no credit is left")
            #expect(
                abs(try #require(try await FilmInspection.onset(stack.artifactPath("agent5/final.mp4"), at: 0))) < 0.010
            )
            for agent in agents {
                agent.signal(SIGKILL)
                _ = await agent.waitUntilExit()
            }
        }
    }

    @Test
    func `the documented Python example makes a film over the socket`() async throws {
        let snippet = try documentedPython("agent6.process")
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1], user: "u1", session: "s1")
            try stack.write(
                """
                def agent_5_process(*args): raise RuntimeError("the provider is down")
                user_id, session_id, supersessionid = "u1", "s1", None
                \(snippet)
                print("made", video_url)
                """, to: "\(stack.folder)/pipeline.py")
            let python = try await Program.run(
                "/usr/bin/env", ["python3", "\(stack.folder)/pipeline.py"], environment: stack.environment)
            #expect(python.status == 0, "\(python.errors)")
            #expect(
                python.output.contains(
                    "made file://\(stack.artifactPath("agent5/final.mp4", user: "u1", session: "s1"))"))
        }
    }
}
