import Faults
import Foundation
import JSON
import ServicePool

/// An orchestrator and the services that it calls, with a tap between them that records every line of the wire.
final class TappedStack: Sendable {
    static let services = ["imagegen", "clipper", "stitcher", "logger", "agent5"]

    let stack: LiveStack

    private init(stack: LiveStack) {
        self.stack = stack
    }

    /// Runs `body` on such a stack, and stops it.
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
            for service in services { await tapped.comes("behind", service) }
            let tap = try await Program(
                "/usr/bin/python3",
                [
                    Bundle.module.bundlePath + "/Hostile/tap.py", "\(stack.folder)/run", "\(stack.folder)/behind",
                    tapped.record,
                ] + services)
            programs.append(tap)
            guard await tap.says("listening") else {
                throw ServiceError(.internal, "the tap did not start: \(await tap.ended().errors)")
            }
            programs.append(try await Program("orchestrator", environment: stack.environment))
            await tapped.comes("run", "orchestrator")
            try await body(tapped)
        } catch {
            failure = error
        }
        for program in programs.reversed() {
            program.signal(SIGTERM)
            _ = await program.ended()
        }
        if let failure { throw failure }
    }

    /// The file of recorded lines.
    private var record: String { "\(stack.folder)/wire.jsonl" }

    private func comes(_ run: String, _ service: String) async {
        let path = "\(stack.folder)/\(run)/\(service)/one.sock"
        _ = await Program.comes { FileManager.default.fileExists(atPath: path) }
    }

    /// Calls of the orchestrator, each with what was answered: `{service, method, params, result | error}`. Without the system methods and
    /// progress, whose number depends on how fast the machine is.
    func calls() throws -> [JSONValue] {
        let text = try String(contentsOfFile: record, encoding: .utf8)
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

    /// The events of the log service's file.
    func events() throws -> [JSONValue] {
        try String(contentsOfFile: "\(stack.folder)/state/logger/events.jsonl", encoding: .utf8)
            .split(separator: "\n").map { try JSONCoding.decode(JSONValue.self, from: Data($0.utf8)) }
    }

    /// A document of the store; `null` if there is none.
    func document(_ path: String) throws -> JSONValue {
        guard let data = FileManager.default.contents(atPath: stack.place(path)) else { return .null }
        return try JSONCoding.decode(JSONValue.self, from: data)
    }
}
