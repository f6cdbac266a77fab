// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import JSONRPC

/// A connection whose input and actions are texts.
private struct TextConnection {
    var machine: ServerConnectionMachine

    init(replyLimit: Int = Wire.replyLimit) { machine = ServerConnectionMachine(replyLimit: replyLimit) }

    mutating func line(_ text: String) -> [String] { describe(machine.received(ByteBuffer(string: text))) }
    mutating func finish(_ token: Int, _ body: String) -> [String] {
        describe(machine.finished(token, reply: ByteBuffer(string: body)))
    }

    func describe(_ actions: [ServerConnectionMachine.Action]) -> [String] {
        actions.map { action in
            switch action {
            case .start(let token, let id, let method, _): "start \(token) \(id?.json ?? "-") \(method)"
            case .cancel(let token): "cancel \(token)"
            case .abandon(let token): "abandon \(token)"
            case .write(let bytes): "write \(String(buffer: bytes).dropLast())"
            case .close: "close"
            }
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct ServerConnectionMachineTests {
    @Test
    func `a request starts a call, whose reply is sent when it ends`() {
        var connection = TextConnection()
        #expect(connection.line("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a\"}") == ["start 0 7 a"])
        #expect(connection.finish(0, "R") == ["write R"])
        #expect(connection.finish(0, "R") == [])
    }

    @Test
    func `a batch is answered with one array, with an error for each invalid member`() {
        var connection = TextConnection()
        let started = connection.line(
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"method\":\"b\"},1,"
                + "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"c\"}]")
        #expect(started == ["start 0 1 a", "start 1 - b", "start 2 2 c"])
        #expect(connection.finish(2, "C") == [])
        #expect(connection.finish(1, "B") == [])
        let reply = connection.finish(0, "A")
        #expect(reply.count == 1)
        #expect(reply[0].hasPrefix("write [{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600"))
        #expect(reply[0].hasSuffix(",C,A]"))
    }

    @Test
    func `an empty batch gets one error, [1] an array with one error, and notifications get no reply`() {
        var connection = TextConnection()
        #expect(
            connection.line("[]").first?.hasPrefix("write {\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600")
                == true)
        #expect(
            connection.line("[1]").first?.hasPrefix(
                "write [{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600")
                == true)
        #expect(connection.line("[{\"jsonrpc\":\"2.0\",\"method\":\"n\"}]") == ["start 0 - n"])
        #expect(connection.finish(0, "N") == [])
    }

    @Test
    func `a line that is not JSON gets -32700 with a null id, and the connection remains usable`() {
        var connection = TextConnection()
        #expect(connection.line("{oops").first?.contains("\"code\":-32700") == true)
        #expect(connection.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}") == ["start 0 1 a"])
    }

    @Test
    func `rpc.cancel cancels the call with that id, as a notification and as a request`() {
        var connection = TextConnection()
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"}")
        #expect(connection.line("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\"y\"}}") == [])
        #expect(
            connection.line("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\"x\"}}") == ["cancel 0"]
        )
        #expect(
            connection.line("{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"rpc.cancel\",\"params\":{\"id\":\"x\"}}")
                == ["write {\"jsonrpc\":\"2.0\",\"id\":9,\"result\":true}", "cancel 0"])
    }

    @Test
    func `after a half-close all replies are sent, then the connection closes`() {
        var connection = TextConnection()
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}")
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}")
        #expect(connection.describe(connection.machine.inputClosed()) == [])
        #expect(connection.finish(0, "A") == ["write A"])
        #expect(connection.finish(1, "N") == ["close"])
    }

    @Test
    func `closing the connection cancels requests but not notifications`() {
        var connection = TextConnection()
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}")
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}")
        #expect(connection.describe(connection.machine.connectionClosed()) == ["abandon 0"])
        #expect(connection.finish(0, "A") == [])
    }

    @Test
    func `a line beyond the limit gets -32700, cancels all calls and closes the connection`() {
        var connection = TextConnection()
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}")
        let actions = connection.describe(connection.machine.lineTooLong(limit: 10))
        #expect(actions.first?.contains("\"code\":-32700") == true)
        #expect(actions.dropFirst() == ["abandon 0", "close"])
        #expect(connection.line("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\"}") == [])
    }

    @Test
    func `a streaming call replies once and sends nothing when it ends`() {
        var connection = TextConnection()
        _ = connection.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"watch\"}")
        #expect(connection.machine.owesReply(0))
        #expect(connection.describe(connection.machine.replied(0, reply: ByteBuffer(string: "S"))) == ["write S"])
        #expect(!connection.machine.owesReply(0))
        #expect(connection.machine.isRunning(0))
        #expect(connection.finish(0, "E") == [])
    }
}

@Suite(.timeLimit(.minutes(1))) struct ServerConnectionBoundsTests {
    private func request(_ id: String) -> String { "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"a\"}" }
    private func body(_ bytes: Int) -> String { String(repeating: "r", count: bytes) }

    @Test
    func `a batch of 1000 is accepted, one of 1001 gets a single error`() {
        var connection = TextConnection()
        let full = "[" + Array(repeating: request("1"), count: 1000).joined(separator: ",") + "]"
        #expect(connection.line(full).count == 1000)
        let over = connection.line("[" + Array(repeating: "1", count: 1001).joined(separator: ",") + "]")
        #expect(over.count == 1)
        #expect(over[0].hasPrefix("write {\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600"))
        #expect(connection.machine.inFlight == 1000)
    }

    @Test
    func `a reply that is too large becomes an error reply`() {
        var connection = TextConnection(replyLimit: 10_000)
        _ = connection.line(request("7"))
        #expect(connection.finish(0, body(10_001)).first?.contains("\"id\":7,\"error\":{\"code\":-32018") == true)
        _ = connection.line(request("8"))
        #expect(connection.finish(1, body(10_000)) == ["write \(body(10_000))"])
    }

    @Test
    func `a batch whose replies exceed the limit gets those that fit, and errors for the others`() {
        var connection = TextConnection(replyLimit: 12_000)
        _ = connection.line("[\(request("1")),\(request("2")),\(request("3"))]")
        _ = connection.finish(0, body(5000))
        #expect(connection.machine.batchedBytes == 5001)
        _ = connection.finish(1, body(5000))
        let sent = connection.finish(2, body(5000))
        #expect(sent.count == 1 && sent[0].hasPrefix("write [\(body(5000)),\(body(5000)),{"))
        #expect(sent[0].contains("\"id\":3,\"error\":{\"code\":-32018"))
        #expect(connection.machine.batchedBytes == 0)
    }

    @Test
    func `if too many bytes are unsent, large replies become errors and small ones are sent`() {
        var connection = TextConnection(replyLimit: 20_000)
        for id in 0..<3 { _ = connection.line(request("\(id)")) }
        let large = connection.describe(
            connection.machine.finished(0, reply: ByteBuffer(string: body(5000)), unsentBytes: 16_000))
        #expect(large.first?.contains("\"id\":0,\"error\":{\"code\":-32009") == true)
        #expect(
            connection.describe(
                connection.machine.finished(1, reply: ByteBuffer(string: body(100)), unsentBytes: 16_000))
                == ["write \(body(100))"])
        #expect(
            connection.describe(connection.machine.finished(2, reply: ByteBuffer(string: body(20_000)), unsentBytes: 0))
                .count == 1)
    }

    @Test
    func `after a disconnect only notifications are accepted from the remaining lines`() {
        var connection = TextConnection()
        _ = connection.machine.connectionClosed()
        #expect(connection.line(request("1")) == [])
        #expect(connection.line("[\(request("1")),{\"jsonrpc\":\"2.0\",\"method\":\"n\"}]") == ["start 0 - n"])
    }

    @Test
    func `the size of an id is limited, and the first of repeated members is used`() {
        var connection = TextConnection()
        let long = "\"" + String(repeating: "i", count: Wire.maximumID) + "\""
        #expect(connection.line(request(long)).first?.contains("\"id\":null,\"error\":{\"code\":-32600") == true)
        #expect(
            connection.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"a\",\"method\":\"b\"}") == [
                "start 0 1 a"
            ])
    }
}

@Suite(.timeLimit(.minutes(1))) struct ProgressRateLimiterTests {
    @Test
    func `one report is sent per interval, and those between are coalesced to the latest`() {
        var limiter = ProgressRateLimiter<Int>(interval: 100)
        #expect(limiter.offer(1, at: 0) == .send)
        #expect(limiter.offer(2, at: 10) == .wait(until: 100))
        #expect(limiter.offer(3, at: 20) == .coalesced)
        #expect(limiter.due(at: 100) == 3)
        #expect(limiter.due(at: 101) == nil)
        #expect(limiter.offer(4, at: 150) == .wait(until: 200))
        #expect(limiter.due(at: 200) == 4)
        #expect(limiter.offer(5, at: 400) == .send)
    }
}
