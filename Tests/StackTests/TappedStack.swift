// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import ServicePool
import TestSupport

/// An orchestrator and the services that it calls, with a tap between them that records every line.
final class TappedStack: Sendable {
    /// The services that the orchestrator calls.
    static let services = ["imagegen", "clipper", "stitcher", "logger", "agent5"]

    let stack: LiveStack

    private init(stack: LiveStack) {
        self.stack = stack
    }

    /// Starts the services, the tap and the orchestrator, runs `body`, and stops them.
    ///
    /// - Parameters:
    ///   - script: The script of the lead.
    ///   - extra: Variables for all processes.
    static func with(
        script: String, _ extra: [String: String] = [:], _ body: (TappedStack) async throws -> Void
    ) async throws {
        let stack = try LiveStack.prepare(script: script, ["UNDERSTUDY_INSTANCE": "one"].merging(extra) { $1 })
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let tapped = TappedStack(stack: stack)
        let behind = stack.environment.merging(["UNDERSTUDY_RUN_DIR": "\(stack.folder)/behind"]) { $1 }
        var programs: [Program] = []
        var failure: (any Error)?
        do {
            for service in services { programs.append(try await Program(service, environment: behind)) }
            for service in services { try await tapped.waitForSocket("behind", service) }
            let tap = try await Program(
                "/usr/bin/python3",
                [
                    Bundle.module.bundlePath + "/Hostile/tap.py", "\(stack.folder)/run", "\(stack.folder)/behind",
                    tapped.recording,
                ] + services)
            programs.append(tap)
            guard await tap.waitForOutput("listening") else {
                throw ServiceError(.internal, "the tap did not start: \(await tap.waitUntilExit().errors)")
            }
            programs.append(try await Program("orchestrator", environment: stack.environment))
            try await tapped.waitForSocket("run", "orchestrator")
            try await body(tapped)
        } catch {
            failure = error
        }
        for program in programs.reversed() {
            program.signal(SIGTERM)
            _ = await program.waitUntilExit()
        }
        if let failure { throw failure }
    }

    /// The file of the recorded lines.
    private var recording: String { "\(stack.folder)/wire.jsonl" }

    private func waitForSocket(_ runDirectory: String, _ service: String) async throws {
        let path = "\(stack.folder)/\(runDirectory)/\(service)/one.sock"
        try await until("\(service) listens") { FileManager.default.fileExists(atPath: path) }
    }

    /// The calls of the orchestrator with their replies: `{service, method, params, result | error}`.
    ///
    /// Without system methods and progress, whose number depends on the speed of the machine.
    func calls() throws -> [JSONValue] {
        let text = try String(contentsOfFile: recording, encoding: .utf8)
        var calls: [JSONValue] = []
        var open: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let entry = try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
            guard let message = entry["line"]?.object, let service = entry["service"] else { continue }
            let id = message["id"].map { id in "\(service) \(entry["connection"] ?? .null) \(id)" }
            if case .string(let method)? = message["method"] {
                guard !method.hasPrefix("rpc."), entry["sender"] == "caller" else { continue }
                if let id { open[id] = calls.count }
                calls.append(
                    .object(
                        message.merging(["service": service]) { $1 }.filter { $0.key != "jsonrpc" && $0.key != "id" }))
            } else if let id, let index = open[id], var call = calls[index].object {
                for name in ["result", "error"] { call[name] = message[name] }
                calls[index] = .object(call)
            }
        }
        return calls
    }

    /// The events in the file of `logger`.
    func events() throws -> [JSONValue] {
        try String(contentsOfFile: "\(stack.folder)/state/logger/events.jsonl", encoding: .utf8)
            .split(separator: "\n").map { try JSONCoding.decode(JSONValue.self, from: Data($0.utf8)) }
    }

    /// A JSON file of the session's folder; `null` if it does not exist.
    func document(_ path: String) throws -> JSONValue {
        guard let data = FileManager.default.contents(atPath: stack.artifactPath(path)) else { return .null }
        return try JSONCoding.decode(JSONValue.self, from: data)
    }
}
