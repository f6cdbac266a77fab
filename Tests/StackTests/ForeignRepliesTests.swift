import Foundation
import JSON
import ServicePool
import Testing

/// Replies of services that other people wrote.
@Suite(.serialized, .timeLimit(.minutes(2))) struct ForeignRepliesTests {
    private static let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)

    /// What the service sends for the call number `@`, and what a person is shown of it.
    private static let replies: [(line: String, words: String)] = [
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

    @Test("a reply that is not JSON, or not JSON-RPC, is the error of its call at once, not a wait for its deadline")
    func unreadable() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Hostile/replies.py").path
        let socket = try stack.run.socketPath(service: "agent5", instance: "py")
        let service = try await Program("/usr/bin/python3", [script, socket], environment: stack.environment)
        #expect(await service.says("listening"))
        for (line, words) in Self.replies {
            let params = try JSONCoding.encode(["line": line])
            let ended = try await stack.understudy(
                "call", "agent5", "agent.process", String(decoding: params, as: UTF8.self))
            #expect(ended.status == 1 && ended.errors.contains(words), "\(line.prefix(80)): \(ended.errors)")
        }
        service.signal(SIGKILL)
        _ = await service.ended()
    }
}
