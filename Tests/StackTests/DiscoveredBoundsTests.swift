// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import JSONRPC
import StandIns
import Testing

/// The bounds that `rpc.discover` states, tested on the services themselves.
@Suite(.serialized, .timeLimit(.minutes(5))) struct DiscoveredBoundsTests {
    /// A method, with parameters that it accepts and the bounds of its parameters.
    private struct Method {
        var name: String
        var params: JSONValue
        var bounds: [SchemaBound]
    }

    /// Methods that would start work in the background or call AWS. `orchestrator.estimate` has the parameters of those that start jobs.
    private static let withEffects: Set = [
        "orchestrator.start", "orchestrator.run_agent5", "agent6.process", "stitcher.setup_role", "stitcher.job_status",
    ]

    /// The methods of a document, each with the fewest parameters that it accepts.
    private static func methods(_ document: JSONValue, _ texts: [String: String]) -> [Method] {
        (document["methods"]?.array ?? []).compactMap { method in
            guard let name = method["name"]?.string, !name.hasPrefix("rpc.") else { return nil }
            var params: [String: JSONValue] = [:]
            var bounds: [SchemaBound] = []
            for parameter in method["params"]?.array ?? [] {
                let (member, schema) = (parameter["name"]?.string ?? "", parameter["schema"] ?? [:])
                if parameter["required"] == .bool(true) {
                    params[member] = SchemaBound.example(of: schema, named: member, texts: texts)
                }
                // With one element, whose bounds are tested too.
                if let items = schema["items"], items["properties"] != nil {
                    params[member] = [SchemaBound.example(of: items, named: member, texts: texts)]
                }
                bounds += SchemaBound.all(of: schema, at: [member])
            }
            // Errors of a storyboard have pointers into the storyboard.
            return Method(name: name, params: .object(params), bounds: bounds.filter { $0.path[0] != "pipeline_data" })
        }
    }

    @Test
    func `values outside the bounds of rpc.discover are rejected with the bound, values at it are accepted`()
        async throws
    {
        try await LiveStack.with { stack in
            let texts = [
                "image": "file://\(stack.store)/none.png", "clip": "file://\(stack.store)/none.mp4",
                "audio": "file://\(stack.store)/none.mp3", "media": "file://\(stack.store)/none.mp4",
                "output": "file://\(stack.store)/out.mp4", "output_prefix": "file://\(stack.store)/out",
                "provider": "card", "agent": "agent5",
            ]
            var count = 0
            for service in ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"] {
                let connection = try await stack.connect(service)
                let document = try await connection.call("rpc.discover", params: [:])
                for method in Self.methods(document, texts) {
                    for bound in method.bounds {
                        count += 1
                        for (value, named) in bound.outside {
                            let error = await Self.failure(method, bound, value, connection)
                            let message = error?.message ?? "accepted"
                            #expect(
                                error?.kind == .invalidParams || error?.kind == .tooLarge && named.isEmpty,
                                "\(method.name) \(message)")
                            #expect(message.hasPrefix("\(bound.pointer): expected "), "\(method.name) \(message)")
                            #expect(named.allSatisfy { message.contains($0) }, "\(method.name) \(message)")
                        }
                        for value in bound.inside where !Self.withEffects.contains(method.name) {
                            let error = await Self.failure(method, bound, value, connection)
                            #expect(
                                error?.kind != .invalidParams, "\(method.name) \(bound) \(error?.message ?? "")")
                        }
                    }
                }
                await connection.close()
            }
            #expect(count > 60)
        }
    }

    @Test
    func `every parameter of every service has a description`() async throws {
        try await LiveStack.with { stack in
            for service in ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"] {
                let connection = try await stack.connect(service)
                let document = try await connection.call("rpc.discover", params: [:])
                for method in document["methods"]?.array ?? [] {
                    for parameter in method["params"]?.array ?? [] {
                        #expect(
                            parameter["description"]?.string?.isEmpty == false,
                            "\(method["name"]?.string ?? "") \(parameter["name"]?.string ?? "")")
                    }
                }
                await connection.close()
            }
        }
    }

    /// The error of a call with a value in place of another; `nil` if it succeeds.
    private static func failure(
        _ method: Method, _ bound: SchemaBound, _ value: JSONValue, _ connection: RPCConnection
    ) async -> ServiceError? {
        do {
            _ = try await connection.call(
                method.name, params: bound.put(value, into: method.params), timeout: .seconds(60))
            return nil
        } catch {
            return (error as? any ServiceErrorConvertible)?.serviceError ?? ServiceError(wrapping: error)
        }
    }
}
