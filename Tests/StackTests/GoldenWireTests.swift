import Contracts
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

/// What each service says of itself, and how it refuses, against `Golden/`.
@Suite(.serialized) struct GoldenWireTests {
    private static let services = TappedStack.services + ["orchestrator"]

    @Test("what rpc.discover says of each method")
    func discover() async throws {
        try await LiveStack.with { stack in
            let text = GoldenText(folder: stack.folder)
            for service in Self.services {
                let document = try await stack.connect(service).call("rpc.discover", params: [:])
                try text.check(document, "discover-\(service)")
            }
        }
    }

    @Test("how lines that are no calls, and calls of each method without parameters, are refused")
    func errors() async throws {
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
                var answers: [JSONValue] = []
                for line in lines where !line.contains("orchestrator.watch") {
                    let path = try stack.run.socketPath(service: service, instance: "\(service)-1")
                    let peer = try #require(UnixPeer(path))
                    peer.send(line + "\n")
                    peer.endInput()
                    let answer = try #require(peer.line(), "\(service): \(line)")
                    answers.append([
                        "sent": .string(line), "answer": try JSONCoding.decode(JSONValue.self, from: Data(answer.utf8)),
                    ])
                }
                try text.check(.array(answers), "errors-\(service)")
            }
        }
    }
}
