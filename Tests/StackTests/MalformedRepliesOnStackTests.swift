// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import ServicePool
import Testing

/// Malformed replies of third-party services.
@Suite(.serialized, .timeLimit(.minutes(2))) struct MalformedRepliesOnStackTests {
    private static let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)

    /// Replies of the service, with `@` for the id of the call, and a part of the error that the caller gets.
    private static let replies: [(line: String, error: String)] = [
        (#"{"jsonrpc": "2.0", "id": @, "result": {"cost_usd": NaN}}"#, "the reply is not JSON at byte"),
        (#"{"result": {"cost_usd": -Infinity}, "jsonrpc": "2.0", "id": @}"#, "the reply is not JSON at byte"),
        (#"{"jsonrpc":"2.0","id":@,"result":\#(deep)}"#, "expected less nesting"),
        ("{\"jsonrpc\":\"2.0\",\"id\":@,\"result\":\"\u{FF}\u{FE}\"}", "not UTF-8"),
        (#"{"id": @, "result": {}}"#, "not JSON-RPC 2.0"),
        (#"{"jsonrpc": "2.0", "id": @, "error": null}"#, "not JSON-RPC 2.0"),
        (#"{"jsonrpc": "2.0", "id": @}"#, "not JSON-RPC 2.0"),
        (
            #"{"jsonrpc": "2.0", "id": @, "result": null, "error": {"code": -32013, "message": "no credit"}}"#,
            "no credit"
        ),
        (#"{"jsonrpc": "2.0", "id": "@", "error": {"code": -32013, "message": "text id"}}"#, "text id"),
        (#"{"jsonrpc": "2.0", "id": @.0, "error": {"code": -32013, "message": "floating id"}}"#, "floating id"),
        (
            "\u{EF}\u{BB}\u{BF}{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":-32013,\"message\":\"marked\"}}",
            "marked"
        ),
        (
            "hello\n{\"jsonrpc\":\"2.0\",\"method\":\"rpc.progress\",\"params\":{\"id\":@,\"fraction\":NaN}}\n"
                + "{\"jsonrpc\":\"2.0\",\"id\":@,\"error\":{\"code\":-32013,\"message\":\"after noise\"}}",
            "after noise"
        ),
    ]

    @Test
    func `a reply that is not JSON, or not JSON-RPC, fails its call at once`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Hostile/replies.py").path
        let socket = try stack.runDirectory.socketPath(service: "agent5", instance: "py")
        let service = try await Program("/usr/bin/python3", [script, socket], environment: stack.environment)
        #expect(await service.waitForOutput("listening"))
        for (line, error) in Self.replies {
            let params = try JSONCoding.encode(["line": line])
            let result = try await stack.understudy(
                "call", "agent5", "agent.process", String(decoding: params, as: UTF8.self))
            #expect(result.status == 1 && result.errors.contains(error), "\(line.prefix(80)): \(result.errors)")
        }
        service.signal(SIGKILL)
        _ = await service.waitUntilExit()
    }
}
