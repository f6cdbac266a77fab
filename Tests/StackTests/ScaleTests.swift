// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// `understudy scale` on a running stack.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ScaleTests {
    /// The calls that each replica of a service has answered, without those of every service.
    private func answered(_ service: String, _ stack: LiveStack) async throws -> [String: Int64] {
        var calls: [String: Int64] = [:]
        for instance in stack.runDirectory.instances(of: service) {
            let connection = try await RPCConnection.connect(
                to: try stack.runDirectory.socketPath(service: service, instance: instance))
            let methods = try await connection.call("rpc.stats", params: [:])["methods"]?.object ?? [:]
            await connection.close()
            calls[instance] = methods.reduce(0) { sum, method in
                guard !method.key.hasPrefix("rpc."), case .integer(let count)? = method.value["calls"] else {
                    return sum
                }
                return sum + count
            }
        }
        return calls
    }

    @Test
    func `replicas that are added get calls, and those that are removed answer theirs`() async throws {
        try await LiveStack.with { stack in
            let up = try await stack.understudy("scale", "imagegen=3,clipper=2")
            #expect(up.status == 0, "\(up.errors)")
            #expect(
                up.output.split(separator: "\n") == [
                    "agent5 1", "clipper 2", "dashboard 1", "imagegen 3", "logger 1", "orchestrator 1", "stitcher 1",
                ])
            #expect(
                stack.runDirectory.instances(of: "imagegen").sorted() == ["imagegen-1", "imagegen-2", "imagegen-3"])
            try stack.writeStoryboard(durations: Array(repeating: 0.2, count: 24))
            #expect(try await stack.runJob(["image_concurrency": 6]).state == .finished)
            for service in ["imagegen", "clipper"] {
                let calls = try await answered(service, stack)
                #expect(calls.values.allSatisfy { $0 > 0 }, "\(calls)")
            }

            // While a job runs on them.
            try stack.writeStoryboard(durations: Array(repeating: 0.2, count: 24), session: "t")
            async let view = stack.runJob(["image_concurrency": 6], session: "t")
            try await until("a still is drawn") {
                FileManager.default.fileExists(atPath: stack.artifactPath("agent5/seg_1.png", session: "t"))
            }
            let down = try await stack.understudy("scale", "imagegen=1,clipper=1")
            #expect(down.status == 0 && down.output.contains("imagegen 1\n"), "\(down.errors)")
            #expect(stack.runDirectory.instances(of: "imagegen") == ["imagegen-1"])
            let finished = try await view
            #expect(finished.state == .finished && finished.segments.allSatisfy { $0.maker == .understudy })
            #expect(!stack.log.contains("restarting"))

            let again = try await stack.understudy("scale", "imagegen=2")
            #expect(again.status == 0 && stack.runDirectory.instances(of: "imagegen").count == 2)
        }
    }

    @Test
    func `what cannot be scaled is rejected`() async throws {
        try await LiveStack.with(arguments: ["--without", "stitcher"]) { stack in
            for argument in ["imagen=2", "imagegen=0", "imagegen=65", "imagegen", "imagegen=x", "orchestrator=2", ""] {
                let rejected = try await stack.understudy("scale", argument)
                #expect(
                    rejected.status == 64 && rejected.errors.contains("service=n"), "\(argument): \(rejected.errors)")
            }
            let misspelt = try await stack.understudy("scale", "imagegne=2")
            #expect(
                misspelt.errors.contains("unknown service imagegne: did you mean imagegen?"), "\(misspelt.errors)")
            let missing = try await stack.understudy("scale", "stitcher=2")
            #expect(
                missing.status == 1 && missing.errors.contains("the stack does not run stitcher"), "\(missing.errors)")

            // By its socket, as by any program.
            let path = "\(stack.runDirectory.path)/.up.sock"
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
            let connection = try await RPCConnection.connect(to: path)
            for (params, pointer) in [
                (["replicas": ["imagegen": 65]], "/replicas/imagegen"), (["replicas": ["x": 1]], "/replicas/x"),
                (["replicas": 7], "/replicas"), ([:], "/replicas"),
            ] as [(JSONValue, String)] {
                do {
                    _ = try await connection.call("stack.scale", params: params)
                    Issue.record("\(params) is accepted")
                } catch let error as ServiceError {
                    #expect(error.kind == .invalidParams && error.message.contains(pointer), "\(error)")
                }
            }
            await connection.close()

            // A second stack in the same folder has no such socket, and goes on.
            let second = try await Program(
                "\(Program.folder)/understudy",
                ["up"]
                    + ["logger", "imagegen", "clipper", "agent5", "orchestrator", "dashboard"].flatMap {
                        ["--without", $0]
                    },
                environment: stack.environment)
            #expect(await second.waitForOutput("ready in"))
            #expect(second.output.contains("another process supervises a stack"))
            second.signal(SIGTERM)
            #expect(await second.waitUntilExit().status == 0)
            #expect(try await stack.understudy("scale", "logger=2").status == 0)
        }
    }

    @Test
    func `without a running stack the error says what to do, also after a killed one`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        for _ in 0..<2 {
            let result = try await stack.understudy("scale", "imagegen=2")
            #expect(result.status == 1 && result.errors.contains("no `understudy up` runs in"), "\(result.errors)")
            let up = try await Program("\(Program.folder)/understudy", ["up"], environment: stack.environment)
            #expect(await up.waitForOutput("ready in"))
            up.signal(SIGKILL)
            _ = await up.waitUntilExit()
            try await until("the services have ended") { stack.runDirectory.instances(of: "logger").isEmpty }
        }
    }
}
