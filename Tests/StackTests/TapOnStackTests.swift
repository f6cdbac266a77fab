// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// `understudy tap` and `understudy replay`, and a tap that is read with socat, on a running stack.
@Suite(.serialized, .timeLimit(.minutes(4))) struct TapOnStackTests {
    private func record(_ line: some StringProtocol) throws -> JSONValue {
        try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
    }

    @Test
    func `a tap shows the messages of a film, by job and method, and its recording is replayed`() async throws {
        try await LiveStack.with { stack in
            try stack.writeStoryboard(durations: [1, 1])
            let file = "\(stack.folder)/recording.jsonl"
            let all = try await Program(
                "understudy", ["tap", "clipper", "--record", file], environment: stack.environment)
            #expect(await all.waitForOutput("reading the tap"))
            let stills = try await Program(
                "understudy", ["tap", "imagegen", "imagegen-1", "--method", "imagegen.generate", "--json"],
                environment: stack.environment)
            #expect(await stills.waitForOutput("imagegen-1"))
            let socat = try await Program(
                "/usr/bin/socat",
                [
                    "-u",
                    "UNIX-CONNECT:\(stack.runDirectory.tapPath(service: "orchestrator", instance: "orchestrator-1"))",
                    "-",
                ])
            #expect(await socat.waitForOutput("orchestrator-1"))

            let job = try await stack.runJob()
            #expect(job.state == .finished)
            #expect(await all.waitForOutput("< clipper.create"))
            #expect(all.output.contains("> clipper.create") && all.output.contains(" \(job.jobID) "))
            #expect(await socat.waitForOutput(#""method":"orchestrator.start""#))
            let drawn = try stills.output.split(separator: "\n").dropFirst().map { try record($0) }
            #expect(drawn.contains { $0["direction"] == "in" && $0["job_id"]?.string == job.jobID })
            #expect(drawn.allSatisfy { $0["method"] == "imagegen.generate" })
            #expect(drawn.contains { $0["direction"] == "out" && $0["duration_s"]?.double ?? 0 > 0 })
            for program in [all, stills, socat] { program.signal(SIGINT) }
            #expect(await all.waitUntilExit().status == 130)

            let replay = try await stack.understudy("replay", file, "clipper", "--job", job.jobID)
            #expect(replay.status == 0, "\(replay.errors)")
            #expect(replay.output.contains(" clipper.create ") && replay.output.contains(", recorded "))
            let attributes = try FileManager.default.attributesOfItem(atPath: file)
            #expect(attributes[.posixPermissions] as? Int == 0o600)
        }
    }

    @Test
    func `a tap belongs to its user, ends with its replica, and that of a killed replica is removed`() async throws {
        try await LiveStack.with { stack in
            let path = stack.runDirectory.tapPath(service: "clipper", instance: "clipper-1")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
            let tap = try await Program("understudy", ["tap", "clipper"], environment: stack.environment)
            #expect(await tap.waitForOutput("reading the tap"))
            let health = try await stack.connect("clipper").call(ServiceHealth.method, NoParams())
            kill(Int32(try #require(health.pid)), SIGKILL)
            // The supervisor starts it again, and the tap goes on with the new process.
            try await until("the new process is tapped") {
                tap.output.components(separatedBy: "reading the tap").count > 2
            }
            #expect(tap.errors.contains("clipper-1: the replica has ended"))
            tap.signal(SIGTERM)
            _ = await tap.waitUntilExit()
        }
    }

    @Test
    func `a tap on what does not run, and a replay of what cannot be repeated, are rejected`() async throws {
        try await LiveStack.with { stack in
            let misspelt = try await stack.understudy("tap", "cliper")
            #expect(misspelt.status == 1 && misspelt.errors.contains("did you mean clipper?"), "\(misspelt.errors)")
            let gone = try await stack.understudy("tap", "clipper", "clipper-9")
            #expect(gone.status == 1 && gone.errors.contains("its replicas are clipper-1"), "\(gone.errors)")

            func message(_ method: String, _ params: String) -> String {
                #"{"time":"2026-11-30T12:00:00.000Z","instance":"i","connection":1,"peer":{"pid":1,"uid":0},"direction":"in","id":1,"#
                    + #""method":"\#(method)","bytes":9,"message":{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":\#(params)}}"#
            }
            let file = "\(stack.folder)/recording.jsonl"
            let health = message("rpc.health", "{}")
            let cases = [
                (message("orchestrator.start", "{}"), "orchestrator", "line 1: orchestrator.start is not idempotent"),
                (message("clipper.probe", "{}"), "orchestrator", "orchestrator has no method clipper.probe"),
                (
                    message("clipper.probe", #"{"media":"https://***@x/"}"#), "clipper",
                    "line 1: the call contains a secret"
                ),
                ("\(health)\nnonsense", "clipper", "line 2: expected a record"),
                (health, "clipper", "has no calls"),
                (health, "cliper", "has no calls"),
            ]
            for (text, service, reason) in cases {
                try stack.write(text + "\n", to: file)
                let replay = try await stack.understudy("replay", file, service)
                #expect(replay.status == 1 && replay.errors.contains(reason), "\(replay.errors) \(replay.output)")
            }
            #expect(
                try await stack.understudy("replay", "\(file).missing", "clipper").errors.contains("cannot be read"))
            // Nothing was started by the refused replays.
            #expect(try await stack.understudy("status").output.contains("job-") == false)
            try stack.write(message("clipper.probe", #"{"media":"file:///none.mp4"}"#), to: file)
            let failed = try await stack.understudy("replay", file, "clipper")
            #expect(
                failed.status == 1 && failed.output.contains("error not_found"), "\(failed.output) \(failed.errors)")
        }
    }
}
