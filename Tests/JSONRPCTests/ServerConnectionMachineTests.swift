import NIOCore
import Testing

@testable import JSONRPC

/// A connection in words: what went in, what came out.
private struct Scene {
    var machine: ServerConnectionMachine

    init(replyLimit: Int = Wire.replyLimit) { machine = ServerConnectionMachine(replyLimit: replyLimit) }

    mutating func line(_ text: String) -> [String] { words(machine.received(ByteBuffer(string: text))) }
    mutating func finish(_ token: Int, _ body: String) -> [String] {
        words(machine.finished(token, reply: ByteBuffer(string: body)))
    }

    func words(_ actions: [ServerConnectionMachine.Action]) -> [String] {
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

@Suite struct ServerConnectionMachineTests {
    @Test("a request starts a call, and its reply goes out as it ends")
    func request() {
        var scene = Scene()
        #expect(scene.line("{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"a\"}") == ["start 0 7 a"])
        #expect(scene.finish(0, "R") == ["write R"])
        #expect(scene.finish(0, "R") == [])
    }

    @Test("a batch answers in one array, with an error for each member that is no request")
    func batch() {
        var scene = Scene()
        let started = scene.line(
            "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"method\":\"b\"},1,"
                + "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"c\"}]")
        #expect(started == ["start 0 1 a", "start 1 - b", "start 2 2 c"])
        #expect(scene.finish(2, "C") == [])
        #expect(scene.finish(1, "B") == [])
        let reply = scene.finish(0, "A")
        #expect(reply.count == 1)
        #expect(reply[0].hasPrefix("write [{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600"))
        #expect(reply[0].hasSuffix(",C,A]"))
    }

    @Test("[] gets one error object, [1] an array with one error, a batch of notifications nothing")
    func oddBatches() {
        var scene = Scene()
        #expect(
            scene.line("[]").first?.hasPrefix("write {\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600")
                == true)
        #expect(
            scene.line("[1]").first?.hasPrefix("write [{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600")
                == true)
        #expect(scene.line("[{\"jsonrpc\":\"2.0\",\"method\":\"n\"}]") == ["start 0 - n"])
        #expect(scene.finish(0, "N") == [])
    }

    @Test("a line that is no JSON gets -32700 with a null id, and the connection goes on")
    func parse() {
        var scene = Scene()
        #expect(scene.line("{oops").first?.contains("\"code\":-32700") == true)
        #expect(scene.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}") == ["start 0 1 a"])
    }

    @Test("rpc.cancel stops the call of that id, as notification and as request")
    func cancel() {
        var scene = Scene()
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"a\"}")
        #expect(scene.line("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\"y\"}}") == [])
        #expect(scene.line("{\"jsonrpc\":\"2.0\",\"method\":\"rpc.cancel\",\"params\":{\"id\":\"x\"}}") == ["cancel 0"])
        #expect(
            scene.line("{\"jsonrpc\":\"2.0\",\"id\":9,\"method\":\"rpc.cancel\",\"params\":{\"id\":\"x\"}}")
                == ["write {\"jsonrpc\":\"2.0\",\"id\":9,\"result\":true}", "cancel 0"])
    }

    @Test("after a half-close every reply still goes out, then the connection closes")
    func halfClose() {
        var scene = Scene()
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}")
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}")
        #expect(scene.words(scene.machine.inputClosed()) == [])
        #expect(scene.finish(0, "A") == ["write A"])
        #expect(scene.finish(1, "N") == ["close"])
    }

    @Test("a close cancels requests, and lets notifications end by themselves")
    func close() {
        var scene = Scene()
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}")
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}")
        #expect(scene.words(scene.machine.connectionClosed()) == ["abandon 0"])
        #expect(scene.finish(0, "A") == [])
    }

    @Test("a line beyond the limit gets -32700, cancels all and closes")
    func tooLong() {
        var scene = Scene()
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}")
        let actions = scene.words(scene.machine.lineTooLong(limit: 10))
        #expect(actions.first?.contains("\"code\":-32700") == true)
        #expect(actions.dropFirst() == ["abandon 0", "close"])
        #expect(scene.line("{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"a\"}") == [])
    }

    @Test("a streaming call replies once and owes nothing at its end")
    func streaming() {
        var scene = Scene()
        _ = scene.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"watch\"}")
        #expect(scene.machine.owesReply(0))
        #expect(scene.words(scene.machine.replied(0, reply: ByteBuffer(string: "S"))) == ["write S"])
        #expect(!scene.machine.owesReply(0))
        #expect(scene.machine.isRunning(0))
        #expect(scene.finish(0, "E") == [])
    }
}

@Suite struct ServerConnectionBoundsTests {
    private func request(_ id: String) -> String { "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"a\"}" }
    private func body(_ bytes: Int) -> String { String(repeating: "r", count: bytes) }

    @Test("a batch of 1000 is taken, one of 1001 gets one error for all of it")
    func batch() {
        var scene = Scene()
        let full = "[" + Array(repeating: request("1"), count: 1000).joined(separator: ",") + "]"
        #expect(scene.line(full).count == 1000)
        let over = scene.line("[" + Array(repeating: "1", count: 1001).joined(separator: ",") + "]")
        #expect(over.count == 1)
        #expect(over[0].hasPrefix("write {\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600"))
        #expect(scene.machine.inFlight == 1000)
    }

    @Test("a reply that is too large is an error of its call")
    func reply() {
        var scene = Scene(replyLimit: 10_000)
        _ = scene.line(request("7"))
        #expect(scene.finish(0, body(10_001)).first?.contains("\"id\":7,\"error\":{\"code\":-32018") == true)
        _ = scene.line(request("8"))
        #expect(scene.finish(1, body(10_000)) == ["write \(body(10_000))"])
    }

    @Test("a batch whose replies are too large together gets as many as fit, and errors for the others")
    func batchReply() {
        var scene = Scene(replyLimit: 12_000)
        _ = scene.line("[\(request("1")),\(request("2")),\(request("3"))]")
        _ = scene.finish(0, body(5000))
        #expect(scene.machine.heldBytes == 5001)
        _ = scene.finish(1, body(5000))
        let sent = scene.finish(2, body(5000))
        #expect(sent.count == 1 && sent[0].hasPrefix("write [\(body(5000)),\(body(5000)),{"))
        #expect(sent[0].contains("\"id\":3,\"error\":{\"code\":-32018"))
        #expect(scene.machine.heldBytes == 0)
    }

    @Test("where too many bytes wait for a peer that does not read, large replies become errors and small ones do not")
    func waiting() {
        var scene = Scene(replyLimit: 20_000)
        for id in 0..<3 { _ = scene.line(request("\(id)")) }
        let large = scene.words(scene.machine.finished(0, reply: ByteBuffer(string: body(5000)), waiting: 16_000))
        #expect(large.first?.contains("\"id\":0,\"error\":{\"code\":-32009") == true)
        #expect(
            scene.words(scene.machine.finished(1, reply: ByteBuffer(string: body(100)), waiting: 16_000))
                == ["write \(body(100))"])
        #expect(scene.words(scene.machine.finished(2, reply: ByteBuffer(string: body(20_000)), waiting: 0)).count == 1)
    }

    @Test("of the lines of a peer that is gone only notifications are taken")
    func gone() {
        var scene = Scene()
        _ = scene.machine.connectionClosed()
        #expect(scene.line(request("1")) == [])
        #expect(scene.line("[\(request("1")),{\"jsonrpc\":\"2.0\",\"method\":\"n\"}]") == ["start 0 - n"])
    }

    @Test("an id has a bound, and of two members of one name the first one counts")
    func ids() {
        var scene = Scene()
        let long = "\"" + String(repeating: "i", count: Wire.maximumID) + "\""
        #expect(scene.line(request(long)).first?.contains("\"id\":null,\"error\":{\"code\":-32600") == true)
        #expect(
            scene.line("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"a\",\"method\":\"b\"}") == ["start 0 1 a"])
    }
}

@Suite struct ProgressGateTests {
    @Test("one report passes per interval, and of those between the last one wins")
    func lastOneWins() {
        var gate = ProgressGate<Int>(interval: 100)
        #expect(gate.offer(1, at: 0) == .pass)
        #expect(gate.offer(2, at: 10) == .wait(until: 100))
        #expect(gate.offer(3, at: 20) == .replace)
        #expect(gate.due(at: 100) == 3)
        #expect(gate.due(at: 101) == nil)
        #expect(gate.offer(4, at: 150) == .wait(until: 200))
        #expect(gate.due(at: 200) == 4)
        #expect(gate.offer(5, at: 400) == .pass)
    }
}
