// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import ServicePool
import TestSupport
import Testing

/// JSON-RPC 2.0 by the sockets of all services: the exchanges of the specification and its corner cases.
@Suite(.serialized, .timeLimit(.minutes(4))) struct ConformanceTests {
    private static let services = [
        "orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5", "dashboard",
    ]
    /// A request whose reply shows that the service goes on.
    private static let last = #"{"jsonrpc":"2.0","method":"rpc.loglevel","id":"last"}"#
    private static let lastReply = #"{"jsonrpc":"2.0","id":"last","result":{"level":"info"}}"#

    /// One line, and the replies to it.
    private struct Exchange: Codable {
        let name: String
        let send: String
        /// Whether the replies are the elements of one array, in any order.
        let batch: Bool?
        /// The whole reply, or its beginning up to the error's code.
        let replies: [String]
    }

    private func path(of service: String, in stack: LiveStack) throws -> String {
        try stack.runDirectory.socketPath(service: service, instance: "\(service)-1")
    }

    @Test
    func `every service answers the exchanges of the specification and its corner cases`() async throws {
        let file = Bundle.module.bundleURL.appending(path: "Conformance/exchanges.json")
        let exchanges = try JSONCoding.decode([Exchange].self, from: Data(contentsOf: file))
        #expect(exchanges.count > 50)
        try await LiveStack.with { stack in
            for service in Self.services {
                let peer = try #require(UnixPeer(try path(of: service, in: stack)))
                for exchange in exchanges {
                    peer.send("\(exchange.send)\n\(Self.last)\n")
                    // Replies come in any order.
                    let count = exchange.batch == true ? 1 : exchange.replies.count
                    var received: [String] = []
                    var isAnswered = false
                    while received.count < count || !isAnswered, let line = await peer.nextLine() {
                        if line == Self.lastReply { isAnswered = true } else { received.append(line) }
                    }
                    let text = received.joined(separator: "\n")
                    let isExpected: Bool
                    if exchange.batch == true {
                        let count = text.components(separatedBy: #"{"jsonrpc":"2.0","#).count - 1
                        isExpected =
                            received.count == 1 && text.hasPrefix("[") && count == exchange.replies.count
                            && exchange.replies.allSatisfy { text.contains($0) }
                    } else {
                        isExpected =
                            received.count == exchange.replies.count
                            && zip(received, exchange.replies).allSatisfy {
                                $0 == $1 || $1.hasSuffix(",") && $0.hasPrefix($1)
                            }
                    }
                    #expect(isExpected, "\(service), \(exchange.name): \(text)")
                }
            }
        }
    }

    @Test
    func `a request that arrives in two parts, split at any byte, is answered once`() async throws {
        try await LiveStack.with { stack in
            let request = Array(#"{"jsonrpc":"2.0","method":"rpc.loglevel","params":{"x":"ü😀\n"},"id":"ü"}"#.utf8)
            for service in Self.services {
                let peer = try #require(UnixPeer(try path(of: service, in: stack)))
                for end in ["\n", "\r\n"] {
                    let bytes = request + Array(end.utf8)
                    for index in 1..<bytes.count {
                        peer.send(bytes: bytes[..<index])
                        try await peer.waitUntilRead()
                        peer.send(bytes: bytes[index...])
                        #expect(
                            await peer.nextLine() == #"{"jsonrpc":"2.0","id":"ü","result":{"level":"info"}}"#,
                            "\(service), at byte \(index)")
                    }
                }
            }
        }
    }

    @Test
    func `a thousand requests in one write are each answered, notifications among them are not`() async throws {
        try await LiveStack.with { stack in
            for service in Self.services {
                let peer = try #require(UnixPeer(try path(of: service, in: stack)))
                let requests = (0..<1000).map { number in
                    #"{"jsonrpc":"2.0","method":"rpc.loglevel","id":\#(number)}"# + "\n"
                        + (number % 10 == 0 ? #"{"jsonrpc":"2.0","method":"rpc.loglevel"}"# + "\n" : "")
                }
                peer.send(requests.joined() + Self.last + "\n")
                var ids: Set<String> = []
                while let line = await peer.nextLine(), line != Self.lastReply {
                    let reply = try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
                    #expect(reply["result"]?["level"] == "info")
                    ids.insert("\(reply["id"] ?? .null)")
                }
                #expect(ids.count == 1000, "\(service)")
            }
        }
    }
}
