// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// The life of a service's process: start, socket, drain, and errors of its environment.
@Suite(.serialized, .timeLimit(.minutes(3))) struct ServiceProcessTests {
    @Test
    func `socat gets one line of rpc.health from every service`() async throws {
        try await LiveStack.with { stack in
            for service in ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"] {
                let path = try stack.runDirectory.socketPath(service: service, instance: "\(service)-1")
                for _ in 0..<20 {
                    let answer = try await Program.run(
                        "/usr/bin/socat", ["-", "UNIX-CONNECT:\(path)"],
                        input: "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"rpc.health\"}\n")
                    #expect(answer.output.hasPrefix("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"capacity\":"))
                    #expect(answer.output.count { $0 == "\n" } == 1)
                }
                let discovered = try await stack.understudy("call", service, "rpc.discover")
                #expect(discovered.output.contains("\"openrpc\" : \"1.3"))
            }
            let ps = try await stack.understudy("ps")
            #expect(ps.output.split(separator: "\n").count == 8)
        }
    }

    @Test
    func `long messages do not cost a page fault for each page`() async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let service = try await Program("logger", environment: stack.environment)
        let connection = try await connect(stack, "logger", "one")
        let text = JSONValue.string(String(repeating: "x", count: 64 * 1024))
        func call(_ count: Int) async throws {
            for _ in 0..<count { _ = try await connection.call("rpc.health", params: ["text": text]) }
        }
        try await call(50)
        let before = try ProcessStatistics.minorFaults(of: Int(service.identifier))
        try await call(200)
        let faults = try ProcessStatistics.minorFaults(of: Int(service.identifier)) - before
        // A page has 4096 bytes.
        #expect(faults < 200 * 16, "\(faults)")
        service.signal(SIGTERM)
        #expect(await service.waitUntilExit().status == 0)
    }

    @Test
    func `the socket of a killed service is replaced by its successor; the name of a running one is rejected`()
        async throws
    {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        var environment = stack.environment
        environment["UNDERSTUDY_INSTANCE"] = "one"
        let first = try await Program("logger", environment: environment)
        let connection = try await connect(stack, "logger", "one")
        let second = try await Program.run("logger", environment: environment)
        #expect(second.status == 1)
        #expect(second.errors.contains("is running already"))
        first.signal(SIGKILL)
        _ = await first.waitUntilExit()
        await connection.waitUntilClosed()
        #expect(stack.runDirectory.instances(of: "logger") == ["one"])
        let third = try await Program("logger", environment: environment)
        let again = try await connect(stack, "logger", "one")
        #expect(try await again.call(ServiceHealth.method, NoParams()).status == .serving)
        third.signal(SIGTERM)
        #expect(await third.waitUntilExit().status == 0)
        #expect(stack.runDirectory.instances(of: "logger").isEmpty)
    }

    @Test
    func `after SIGTERM a service removes its socket, refuses new calls, finishes its calls and exits with 0`()
        async throws
    {
        let stack = try LiveStack.prepare(
            script:
                "{\"calls\": [{\"steps\": [{\"progress\": 0.1}, {\"wait_ms\": 3000}, {\"fail\": {\"kind\": \"conflict\", \"message\": \"played\"}}]}]}"
        )
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        var environment = stack.environment
        environment["UNDERSTUDY_INSTANCE"] = "one"
        let service = try await Program("agent5", environment: environment)
        let connection = try await connect(stack, "agent5", "one")
        let params: JSONValue = [
            "agent": "agent5", "job_id": "j", "user_id": "u", "session_id": "s", "storyboard": [:], "audio": [],
            "output_prefix": .string("file://\(stack.store)"),
        ]
        let (begun, signal) = AsyncStream.makeStream(of: Void.self)
        let running = Task {
            try await connection.call("agent.process", params: params) { _ in signal.yield() }
        }
        for await _ in begun { break }
        service.signal(SIGTERM)
        try await until("the socket is removed") { stack.runDirectory.instances(of: "agent5").isEmpty }
        let refused = await #expect(throws: ServiceError.self) {
            try await connection.call("agent.process", params: params)
        }
        #expect(refused?.kind == .busy)
        let finished = await #expect(throws: ServiceError.self) { try await running.value }
        #expect(finished?.message == "played")
        #expect(await service.waitUntilExit().status == 0)
    }

    @Test
    func `a long run directory, invalid variables and unknown arguments are errors at the start`() async throws {
        let long = "/tmp/" + String(repeating: "x", count: 90)
        let tooLong = try await Program.run(
            "clipper", environment: ["UNDERSTUDY_RUN_DIR": long, "UNDERSTUDY_INSTANCE": "one"])
        #expect(tooLong.status == 1)
        #expect(tooLong.errors.contains("set UNDERSTUDY_RUN_DIR to a shorter directory"))
        #expect(!FileManager.default.fileExists(atPath: long))
        let odd = try await Program.run(
            "clipper", environment: ["UNDERSTUDY_CAPACITY": "0", "UNDERSTUDY_RUN_DIR": TemporaryPath.new()])
        #expect(odd.status == 1)
        #expect(odd.errors.contains("UNDERSTUDY_CAPACITY: expected a whole number from 1"))
        let argument = try await Program.run("clipper", ["--loud"])
        #expect(argument.status == 64)
        #expect(try await Program.run("clipper", ["--help"]).output.contains("UNDERSTUDY_RUN_DIR"))
    }

    @Test
    func `imagegen without fonts reports what to install, and goes on serving`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        try stack.write(
            "<?xml version=\"1.0\"?><!DOCTYPE fontconfig SYSTEM \"fonts.dtd\"><fontconfig></fontconfig>",
            to: "\(stack.folder)/fonts.conf")
        var environment = stack.environment
        environment["UNDERSTUDY_INSTANCE"] = "one"
        environment["FONTCONFIG_FILE"] = "\(stack.folder)/fonts.conf"
        let service = try await Program("imagegen", environment: environment)
        let connection = try await connect(stack, "imagegen", "one")
        let error = await #expect(throws: ServiceError.self) {
            try await connection.call(
                "imagegen.generate",
                params: ["prompt": "a", "width": 320, "height": 180, "output": .string("file://\(stack.store)/a.png")])
        }
        #expect(error?.message.contains("fonts-noto-core") == true)
        #expect(!FileManager.default.fileExists(atPath: "\(stack.store)/a.png"))
        #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        service.signal(SIGTERM)
        #expect(await service.waitUntilExit().status == 0)
    }

    /// Connects to one replica of a service.
    private func connect(_ stack: LiveStack, _ service: String, _ instance: String) async throws -> RPCConnection {
        try await RPCConnection.connect(
            to: try stack.runDirectory.socketPath(service: service, instance: instance), timeout: .seconds(10))
    }
}
