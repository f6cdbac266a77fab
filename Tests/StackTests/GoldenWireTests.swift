// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// The descriptions of each service, compared with its `openrpc.json`, and its error replies, compared with `Golden/`.
@Suite(.serialized, .timeLimit(.minutes(3))) struct GoldenWireTests {
    private static let services = TappedStack.services + ["orchestrator"]

    @Test
    func `rpc.discover returns the service's openrpc.json, in which everything is described`() async throws {
        try await LiveStack.with { stack in
            for service in Self.services {
                let document = try await stack.connect(service).call("rpc.discover", params: [:])
                try GoldenText(folder: stack.folder).check(document, at: "services/\(service)/openrpc.json")
                #expect(Self.undescribed(document["methods"] ?? .null, "/methods").isEmpty)
            }
        }
    }

    /// The pointers of the members of parameters and results that have no description.
    private static func undescribed(_ value: JSONValue, _ pointer: String) -> [String] {
        switch value {
        case .array(let elements):
            elements.enumerated().flatMap { index, element in
                let name = element["name"]?.string
                return undescribed(element, "\(pointer)/\(name ?? String(index))")
            }
        case .object(let members):
            members.sorted { $0.key < $1.key }.flatMap { name, value -> [String] in
                let parts = name == "properties" ? value.object ?? [:] : [:]
                let missing = parts.filter { $0.value["description"] == nil }.keys.sorted()
                return missing.map { "\(pointer)/\($0)" } + undescribed(value, "\(pointer)/\(name)")
            }
        default: []
        }
    }

    @Test
    func `malformed lines, and calls of each method without parameters, get error replies`() async throws {
        try await LiveStack.with { stack in
            let text = GoldenText(folder: stack.folder)
            for service in Self.services {
                let connection = try await stack.connect(service)
                let methods = try await connection.call("rpc.discover", params: [:])["methods"]?.array ?? []
                var lines = [
                    "{", "[]", "[1]", "1", #"{"jsonrpc":"1.0","id":1,"method":"rpc.health"}"#,
                    #"{"jsonrpc":"2.0","id":1,"method":"rpc.nothing"}"#,
                    #"{"jsonrpc":"2.0","id":{},"method":"rpc.health"}"#,
                    #"{"jsonrpc":"2.0","id":"a","method":"rpc.health","params":7}"#,
                    #"{"jsonrpc":"2.0","id":2,"method":"rpc.discover","params":{"deadline_ms":"soon"}}"#,
                ]
                for method in methods.compactMap({ $0["name"]?.string }).filter({ !$0.hasPrefix("rpc.") }) {
                    lines.append(#"{"jsonrpc":"2.0","id":"\#(method)","method":"\#(method)"}"#)
                    lines.append(
                        #"{"jsonrpc":"2.0","id":"\#(method)","method":"\#(method)","params":{"job_id":7,"output":7,"clips":7}}"#
                    )
                }
                var replies: [JSONValue] = []
                for line in lines where !line.contains("orchestrator.watch") {
                    let path = try stack.runDirectory.socketPath(service: service, instance: "\(service)-1")
                    let peer = try #require(UnixPeer(path))
                    peer.send(line + "\n")
                    peer.endInput()
                    let reply = try #require(peer.line(), "\(service): \(line)")
                    replies.append([
                        "sent": .string(line), "answer": try JSONCoding.decode(JSONValue.self, from: Data(reply.utf8)),
                    ])
                }
                try text.check(.array(replies), "errors-\(service)")
            }
        }
    }
}
