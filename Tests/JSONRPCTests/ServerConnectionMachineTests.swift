import NIOCore
import Testing

@testable import JSONRPC

/// A connection in words: what went in, what came out.
private struct Scene {
    var machine = ServerConnectionMachine()

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
