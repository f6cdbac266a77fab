// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Foundation
import Glibc
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// Peers that send too much, read nothing, or take all descriptors.
@Suite(.serialized, .timeLimit(.minutes(5))) struct HostileWireTests {
    private static let health = #"{"jsonrpc":"2.0","id":"h","method":"rpc.health"}"# + "\n"

    /// Starts one service, runs `body`, and stops the service.
    ///
    /// - Parameters:
    ///   - command: The launcher before the executable.
    ///   - extra: Variables of the service.
    private func with(
        _ service: String, _ command: [String] = [], _ extra: [String: String] = [:],
        _ body: (_ socket: String, _ pid: Int, LiveStack) async throws -> Void
    ) async throws {
        let stack = try LiveStack.prepare(extra)
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        var environment = stack.environment
        environment["UNDERSTUDY_INSTANCE"] = "one"
        let commandLine = command + ["\(Program.folder)/\(service)"]
        let program = try await Program(commandLine[0], Array(commandLine.dropFirst()), environment: environment)
        let socket = try stack.runDirectory.socketPath(service: service, instance: "one")
        let connection = try await RPCConnection.connect(to: socket, timeout: .seconds(20))
        let pid = try #require(try await connection.call(ServiceHealth.method, NoParams()).pid)
        do {
            try await body(socket, pid, stack)
        } catch {
            kill(pid_t(pid), SIGKILL)
            throw error
        }
        kill(pid_t(pid), SIGTERM)
        #expect(await program.waitUntilExit().status == 0)
    }

    /// Checks that a process does not spin: it must do nothing for some time, so this is a pause, not a wait for a condition.
    private static func expectIdle(_ pid: Int) async throws {
        let before = try ProcessStatistics.processorTime(of: pid)
        // A process that retries in a loop takes a large part of these three seconds.
        try await Task.sleep(for: .seconds(3))
        #expect(try ProcessStatistics.processorTime(of: pid) - before < 1)
    }

    @Test
    func `a batch of more than 1000 elements gets one error, and memory stays bounded`() async throws {
        try await with("logger") { socket, pid, _ in
            let peer = try #require(UnixPeer(socket))
            peer.send("[" + Array(repeating: "1", count: 2_000_000).joined(separator: ",") + "]\n")
            let refused = try #require(peer.line())
            #expect(refused.hasPrefix(#"{"jsonrpc":"2.0","id":null,"error":{"code":-32600"#), "\(refused.prefix(200))")
            #expect(refused.contains("at most 1000"))
            let call = #"{"jsonrpc":"2.0","id":1,"method":"rpc.health"}"#
            peer.send("[" + Array(repeating: call, count: 1001).joined(separator: ",") + "]\n")
            #expect(peer.line()?.contains("at most 1000") == true)
            peer.send("[" + Array(repeating: call, count: 1000).joined(separator: ",") + "]\n")
            let replies = try #require(peer.line())
            #expect(replies.hasPrefix("[") && replies.components(separatedBy: #""result":"#).count == 1001)
            #expect(try ProcessStatistics.peakMemory(of: pid) < 300_000_000)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `long runs of combining marks in names and texts are processed in linear time`() async throws {
        try await with("logger") { socket, _, _ in
            let peer = try #require(UnixPeer(socket))
            for marks in ["\u{301}\u{316}", #"\u0301\u0316"#, #"\ud834\udd65\u0316"#] {
                let run = String(repeating: marks, count: 50_000)
                peer.send(
                    #"{"jsonrpc":"2.0","id":1,"method":"a\#(run)","params":{"a\#(run)":1,"b\#(run)":2}}"# + "\n")
                #expect(peer.line()?.contains("-32601") == true)
                peer.send(
                    #"{"jsonrpc":"2.0","id":2,"method":"logger.tail","params":{"a\#(run)":1,"job_id":"a\#(run)"}}"#
                        + "\n")
                #expect(peer.line()?.contains("-32602") == true)
            }
        }
    }

    @Test
    func `a peer that reads no replies is not read from, and gets every reply once it reads`() async throws {
        try await with("logger") { socket, pid, _ in
            let peer = try #require(UnixPeer(socket))
            let count = 20_000
            let call = #"{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}"# + "\n"
            let sender = Thread { peer.send(String(repeating: call, count: count)) }
            sender.start()
            // Other peers are served meanwhile. The pauses spread their calls over the time of the flood.
            for _ in 0..<20 {
                let other = try #require(UnixPeer(socket))
                other.send(Self.health)
                #expect(other.line()?.contains("serving") == true)
                try await Task.sleep(for: .milliseconds(50))
            }
            var replies = 0
            while replies < count, let line = peer.line(), line.contains("openrpc") { replies += 1 }
            #expect(replies == count)
            #expect(try ProcessStatistics.peakMemory(of: pid) < 300_000_000)
        }
    }

    @Test
    func `lines that are received before the peer ends its input are answered before the server closes`() async throws {
        try await with("logger") { socket, _, _ in
            let peer = try #require(UnixPeer(socket))
            let count = 3000
            let text = (0..<count).map { #"{"jsonrpc":"2.0","id":\#($0),"method":"rpc.health"}"# + "\n" }.joined()
            let sender = Thread {
                peer.send(text)
                peer.endInput()
            }
            sender.start()
            var replies = 0
            while peer.line() != nil { replies += 1 }
            #expect(replies == count)
        }
    }

    @Test
    func `a request that exceeds the length of a line fails its call at once`() async throws {
        try await with("logger") { _, _, stack in
            let file = "\(stack.folder)/long.json"
            try stack.write(
                #"{"event_type":"x","data":{"t":"\#(String(repeating: "y", count: 5_000_000))"}}"#, to: file)
            let result = try await stack.understudy("call", "logger", "logger.log", "@\(file)")
            #expect(result.status == 1)
            #expect(result.errors.contains("a line has at most 4194304"), "\(result.errors.prefix(500))")
        }
    }

    @Test
    func `errors quote the caller's texts in part only, and ids have a length limit`() async throws {
        try await with("logger") { socket, _, _ in
            let peer = try #require(UnixPeer(socket))
            let long = String(repeating: "m", count: 1_000_000)
            peer.send(#"{"jsonrpc":"2.0","id":1,"method":"\#(long)"}"# + "\n")
            #expect(try #require(peer.line()).utf8.count < 2000)
            peer.send(#"{"jsonrpc":"2.0","id":"\#(long)","method":"rpc.health"}"# + "\n")
            let reply = try #require(peer.line())
            #expect(reply.utf8.count < 2000 && reply.contains("-32600"))
            peer.send(#"{"jsonrpc":"2.0","id":2,"method":"logger.log","params":{"event_type":{"\#(long)":1}}}"# + "\n")
            #expect(try #require(peer.line()).utf8.count < 5000)
        }
    }

    @Test
    func `20,000 unknown options are rejected with a short error`() async throws {
        try await LiveStack.with { stack in
            let members = (0..<20_000).map { #""option_number_\#($0)":1"# }.joined(separator: ",")
            let socket = try stack.runDirectory.socketPath(service: "orchestrator", instance: "orchestrator-1")
            let peer = try #require(UnixPeer(socket))
            for method in ["orchestrator.start", "orchestrator.estimate"] {
                peer.send(
                    #"{"jsonrpc":"2.0","id":1,"method":"\#(method)","params":{"user_id":"u","session_id":"s","options":{\#(members)}}}"#
                        + "\n")
                let other = try #require(UnixPeer(socket))
                other.send(Self.health)
                #expect(other.line()?.contains("serving") == true)
                let reply = try #require(peer.line())
                #expect(
                    reply.contains("20000 violations") && reply.contains("19980 more unknown options"),
                    "\(reply.prefix(300))")
                #expect(reply.utf8.count < 10_000)
            }
        }
    }

    @Test
    func `invalid parameters of 2.8 MB get an error, and other connections are served meanwhile`() async throws {
        try await LiveStack.with { stack in
            let socket = try stack.runDirectory.socketPath(service: "orchestrator", instance: "orchestrator-1")
            let peer = try #require(UnixPeer(socket))
            let (open, close) = (String(repeating: "[", count: 40), String(repeating: "]", count: 40))
            for value in [
                "[" + Array(repeating: "1", count: 1_400_000).joined(separator: ",") + "]",
                "[" + Array(repeating: open + close, count: 34_000).joined(separator: ",") + "]",
                "{" + (0..<170_000).map { #""k\#($0)":{}"# }.joined(separator: ",") + "}",
            ] {
                peer.send(
                    #"{"jsonrpc":"2.0","id":7,"method":"orchestrator.start","params":{"user_id":"u","session_id":"s","options":\#(value)}}"#
                        + "\n")
                let other = try #require(UnixPeer(socket))
                other.send(Self.health)
                #expect(other.line()?.contains("serving") == true)
                let reply = try #require(peer.line())
                #expect(reply.contains("-32602") && reply.contains(#""id":7"#), "\(reply.prefix(300))")
                #expect(reply.utf8.count < 20_000)
            }
        }
    }

    @Test
    func `logger.tail of a large file does not delay logger.log, and can be cancelled`() async throws {
        let file = TemporaryPath.new("tail", suffix: ".jsonl")
        defer { try? FileManager.default.removeItem(atPath: file) }
        let event =
            #"{"timestamp":"2026-11-01T00:00:00.000Z","event_type":"x","data":{"t":"\#(String(repeating: "y", count: 900))"}}"#
        let megabyte = Data(String(repeating: event + "\n", count: 1000).utf8)
        #expect(FileManager.default.createFile(atPath: file, contents: nil))
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        for _ in 0..<100 { try handle.write(contentsOf: megabyte) }
        try handle.close()
        try await with("logger", [], ["UNDERSTUDY_LOG_FILE": file]) { socket, _, _ in
            func call(_ id: Int, _ method: String, _ params: String) -> String {
                #"{"jsonrpc":"2.0","id":\#(id),"method":"\#(method)","params":\#(params)}"# + "\n"
            }
            let tail = #"{"job_id":"nobody","limit":10}"#
            let peer = try #require(UnixPeer(socket))
            peer.send(call(1, "logger.tail", tail) + call(2, "logger.log", #"{"event_type":"new","data":{}}"#))
            let replies = [peer.line() ?? "", peer.line() ?? ""]
            #expect(replies[0].contains(#""id":2"#), "\(replies[0].prefix(200))")
            #expect(replies[1].contains(#""events":[]"#), "\(replies[1].prefix(200))")
            peer.send(call(3, "logger.tail", tail) + call(4, "rpc.cancel", #"{"id":3}"#))
            let ends = [peer.line() ?? "", peer.line() ?? ""]
            #expect(ends.contains { $0.contains(#""id":3"#) && $0.contains("-32800") }, "\(ends)")
        }
    }

    @Test(arguments: ["logger"])
    func `a service without free descriptors does not spin, and serves again when some are free`(_ service: String)
        async throws
    {
        try await with(service, ["/usr/bin/prlimit", "--nofile=80"]) { socket, pid, _ in
            var peers: [UnixPeer] = []
            for _ in 0..<120 { peers.append(try #require(UnixPeer(socket))) }
            try await until("the service has no free descriptors") {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd").count >= 78
            }
            try await Self.expectIdle(pid)
            peers = []
            let peer = try #require(UnixPeer(socket))
            peer.send(Self.health)
            #expect(peer.line()?.contains("serving") == true)
        }
    }

    @Test
    func `the dashboard with few descriptors refuses connections without spinning, and serves again later`()
        async throws
    {
        let bounds = ["UNDERSTUDY_DASHBOARD_CONNECTIONS": "1000"]
        try await with("dashboard", ["/usr/bin/prlimit", "--nofile=80"], bounds) { _, pid, stack in
            let address = try await PageFixture.address(in: stack)
            let port = try #require(UInt16(address.split(separator: ":").last ?? ""))
            var peers = (0..<120).map { _ in RawPeer(port: port) }
            // The limit of connections is lower than that of descriptors.
            #expect(peers.last?.readHeader().hasPrefix("HTTP/1.1 503") == true)
            try await Self.expectIdle(pid)
            peers = []
            #expect(peers.isEmpty)
            let peer = RawPeer(port: port)
            peer.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nConnection: close\r\n\r\n")
            #expect(peer.readAll().hasPrefix("HTTP/1.1 200"))
        }
    }
}
