// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Logging
import Synchronization
import Tap
import TestSupport
import Testing

/// Replies with the parameters; `x.hold` waits until the gate is opened.
private struct EchoDispatcher: Dispatcher {
    let gate: AsyncStream<Void>

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        if call.method == "x.hold" { for await _ in gate { break } }
        if call.method == "x.fail" { throw ServiceError(.busy, "at capacity") }
        return call.rawParams
    }
}

/// A server with a tap, over real sockets.
@Suite(.timeLimit(.minutes(2))) struct TapTests {
    private struct Fixture {
        let tap: Tap
        let path: String
        let tapPath: String
        let openGate: @Sendable () -> Void

        /// Connects a reader and waits until the tap mirrors.
        func reader() async throws -> UnixPeer {
            let reader = try #require(UnixPeer(tapPath))
            let first = try #require(await reader.nextLine())
            #expect(try record(first)["service"] == "x")
            return reader
        }

        func record(_ line: String) throws -> JSONValue {
            try JSONCoding.decode(JSONValue.self, from: Data(line.utf8))
        }
    }

    private func with(readers: PeerPolicy = PeerPolicy(), _ body: (Fixture) async throws -> Void) async throws {
        let folder = TemporaryPath.new("tap")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (gate, openGate) = AsyncStream.makeStream(of: Void.self)
        let tap = Tap(source: TapSource(service: "x", instance: "one", pid: 7), redaction: Redaction())
        let logger = Logger(label: "test")
        let server = try await RPCServer.listen(
            path: "\(folder)/x.sock", dispatcher: EchoDispatcher(gate: gate), peers: PeerPolicy(), observer: tap,
            logger: logger)
        try await tap.listen(path: "\(folder)/.x.tap", peers: readers, server: server, logger: logger)
        try await body(
            Fixture(
                tap: tap, path: "\(folder)/x.sock", tapPath: "\(folder)/.x.tap", openGate: { openGate.yield() }))
        openGate.finish()
        await server.close()
        await tap.close()
    }

    @Test
    func `a reader gets requests, notifications, replies and errors with their methods, jobs and durations`()
        async throws
    {
        try await with { fixture in
            #expect(!fixture.tap.isObserving)
            let reader = try await fixture.reader()
            #expect(fixture.tap.isObserving)
            let peer = try #require(UnixPeer(fixture.path))
            peer.send(#"{"jsonrpc":"2.0","id":"a","method":"x.echo","params":{"job_id":"j","api_key":"k"}}"# + "\n")
            let request = try fixture.record(try #require(await reader.nextLine()))
            #expect(request["direction"] == "in" && request["id"] == "a" && request["method"] == "x.echo")
            #expect(request["job_id"] == "j" && request["instance"] == "one" && request["connection"] == 1)
            #expect(request["peer"] == ["pid": .integer(Int64(getpid())), "uid": .integer(Int64(getuid()))])
            #expect(request["message"]?["params"] == ["job_id": "j", "api_key": "***"])
            #expect(request["time"]?.string.flatMap { Timestamp($0) } != nil)
            let reply = try fixture.record(try #require(await reader.nextLine()))
            #expect(reply["direction"] == "out" && reply["id"] == "a" && reply["method"] == "x.echo")
            #expect(reply["job_id"] == "j" && reply["duration_s"]?.double ?? -1 >= 0)
            #expect(reply["message"]?["result"] == ["job_id": "j", "api_key": "***"])

            let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
            let meta = #""_meta":{"traceparent":"00-\#(trace)-00f067aa0ba902b7-01"}"#
            peer.send(#"{"jsonrpc":"2.0","id":2,"method":"x.fail","params":{\#(meta)}}"# + "\n")
            #expect(try fixture.record(try #require(await reader.nextLine()))["trace"]?.string == trace)
            let failure = try fixture.record(try #require(await reader.nextLine()))
            #expect(failure["trace"]?.string == trace)
            #expect(failure["error"] == "busy" && failure["message"]?["error"]?["message"] == "at capacity")

            peer.send("nonsense\n")
            #expect(try fixture.record(try #require(await reader.nextLine()))["text"] == "nonsense")
            _ = await reader.nextLine()
            peer.send(#"[{"jsonrpc":"2.0","method":"x.echo"},{"jsonrpc":"2.0","id":3,"method":"x.echo"}]"# + "\n")
            var members: [JSONValue] = []
            for _ in 0..<3 { members.append(try fixture.record(try #require(await reader.nextLine()))) }
            #expect(members.map { $0["direction"] } == ["in", "in", "out"])
            #expect(members.map { $0["id"] } == [nil, 3, 3])
        }
    }

    @Test
    func `a reader gets the unfinished requests first, with the times at which they began`() async throws {
        try await with { fixture in
            let peer = try #require(UnixPeer(fixture.path))
            peer.send(#"{"jsonrpc":"2.0","id":1,"method":"x.hold","params":{"job_id":"j"}}"# + "\n")
            // Replied to after the request above was started.
            peer.send(#"{"jsonrpc":"2.0","id":2,"method":"x.echo"}"# + "\n")
            #expect(await peer.nextLine() != nil)
            let before = Timestamp.now
            for _ in 0..<2 {
                let reader = try await fixture.reader()
                let request = try fixture.record(try #require(await reader.nextLine()))
                #expect(request["id"] == 1 && request["method"] == "x.hold" && request["job_id"] == "j")
                let began = try #require(request["time"]?.string.flatMap { Timestamp($0) })
                #expect(began <= before)
                // The next message is that of the next line: the request is not shown twice.
                peer.send(#"{"jsonrpc":"2.0","id":3,"method":"x.echo"}"# + "\n")
                // The next reader comes after the reply, and does not get it.
                #expect(await peer.nextLine() != nil)
                #expect(try fixture.record(try #require(await reader.nextLine()))["id"] == 3)
            }
            let last = try await fixture.reader()
            _ = await last.nextLine()
            fixture.openGate()
            let reply = try fixture.record(try #require(await last.nextLine()))
            #expect(reply["id"] == 1 && reply["method"] == "x.hold")
        }
    }

    @Test
    func `a reader that is too slow misses messages and is told how many, and the service is not delayed`() async throws
    {
        try await with { fixture in
            let reader = try await fixture.reader()
            let connection = try await RPCConnection.connect(to: fixture.path)
            let text = String(repeating: "x", count: 100_000)
            let count = 400
            for _ in 0..<count { _ = try await connection.call("x.echo", params: ["text": .string(text)]) }
            var (messages, lost) = (0, 0)
            while messages + lost < 2 * count {
                // What was lost last is told with the next message.
                if messages + lost < 2 * count - 1 { _ = try await connection.call("x.echo", params: [:]) }
                let record = try fixture.record(try #require(await reader.nextLine()))
                if case .integer(let number)? = record["lost"] { lost += Int(number) } else { messages += 1 }
            }
            #expect(lost > 0 && messages > 0)
        }
    }

    @Test
    func `after the last reader has left, nothing is mirrored, and a new reader gets new messages only`() async throws {
        try await with { fixture in
            var readers = [try await fixture.reader()]
            readers.append(try await fixture.reader())
            readers.removeLast()
            let peer = try #require(UnixPeer(fixture.path))
            peer.send(#"{"jsonrpc":"2.0","id":1,"method":"x.echo"}"# + "\n")
            #expect(await readers[0].nextLine() != nil)
            readers.removeAll()
            try await until("the tap has no readers") { !fixture.tap.isObserving }
            peer.send(#"{"jsonrpc":"2.0","id":2,"method":"x.echo"}"# + "\n")
            for _ in 0..<2 { #expect(await peer.nextLine() != nil) }
            let reader = try await fixture.reader()
            peer.send(#"{"jsonrpc":"2.0","id":3,"method":"x.echo"}"# + "\n")
            #expect(try fixture.record(try #require(await reader.nextLine()))["id"] == 3)
        }
    }

    @Test
    func `a reader that only listens, and one that sends, get messages; others are rejected`() async throws {
        try await with { fixture in
            let reader = try await fixture.reader()
            reader.send("anything\n")
            reader.endInput()
            let peer = try #require(UnixPeer(fixture.path))
            peer.send(#"{"jsonrpc":"2.0","id":1,"method":"x.echo"}"# + "\n")
            #expect(try fixture.record(try #require(await reader.nextLine()))["id"] == 1)
        }
        try await with(readers: PeerPolicy(users: [12345], groups: [])) { fixture in
            let stranger = try #require(UnixPeer(fixture.tapPath))
            let error = try fixture.record(try #require(await stranger.nextLine()))["error"]
            #expect(error?["data"]?["kind"] == "unauthorized")
            #expect(await stranger.nextLine() == nil)
        }
    }

    @Test
    func `a message of more than 1 MiB is shown without its content`() async throws {
        try await with { fixture in
            let reader = try await fixture.reader()
            let connection = try await RPCConnection.connect(to: fixture.path)
            let text = String(repeating: "x", count: 1_100_000)
            _ = try await connection.call("x.echo", params: ["text": .string(text)])
            for direction in ["in", "out"] {
                let record = try fixture.record(try #require(await reader.nextLine()))
                #expect(record["direction"]?.string == direction && record["method"] == "x.echo")
                #expect(record["message"] == nil && record["bytes"]?.double ?? 0 > 1_100_000)
            }
        }
    }
}
