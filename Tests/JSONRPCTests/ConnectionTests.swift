// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import JSON
import Logging
import NIOCore
import Synchronization
import TestSupport
import Testing

@testable import JSONRPC

/// The methods of a test's server.
private final class TestDispatcher: Dispatcher {
    /// The names of slow methods that have started, and of methods that were cancelled.
    let events = AsyncStream.makeStream(of: String.self)

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        switch call.method {
        case "echo":
            return call.rawParams
        case "fail":
            throw ServiceError(.quotaExhausted, "no credit", provider: "acme", providerCode: "insufficient_quota")
        case "steps":
            for step in 1...50 {
                call.progress(Double(step) / 50, "step \(step)", extra: ["step": .integer(Int64(step))])
            }
            return Data("\"done\"".utf8)
        case "hang":
            return try await waitForCancellation(call)
        case "drop":
            call.dropConnection()
            return try await waitForCancellation(call)
        case "slow":
            events.continuation.yield(call.method)
            try? await Task.sleep(for: .milliseconds(50))
            return Data("\"done\"".utf8)
        case "large":
            let bytes =
                Int(
                    String(
                        decoding: call.rawParams.dropFirst(5).prefix {
                            $0 != UInt8(ascii: ",") && $0 != UInt8(ascii: "}")
                        }, as: UTF8.self)) ?? 0
            return Data("\"\(String(repeating: "z", count: bytes))\"".utf8)
        case "largeProgress":
            call.progress(
                0.5, String(repeating: "m", count: 1_000_000),
                extra: ["x": .string(String(repeating: "e", count: 1_000_000))])
            try? await Task.sleep(for: .milliseconds(50))
            return Data("\"done\"".utf8)
        case "context":
            let context = CallContext.current
            let text =
                #"{"job":\#(JSONText.quote(context.jobID ?? "")),"trace":"\#(context.trace?.traceID ?? "")","#
                + #""parent":"\#(context.trace?.parentID ?? 0)"}"#
            return Data(text.utf8)
        case "nested":
            return Data("\(CallContext.deadline.map { ContinuousClock.now.duration(to: $0).milliseconds } ?? -1)".utf8)
        default:
            throw ServiceError(.methodNotFound, "no \(call.method)")
        }
    }

    /// Sleeps until the call is cancelled, then records it.
    private func waitForCancellation(_ call: Call) async throws(ServiceError) -> Data {
        try? await Task.sleep(for: .seconds(3600))
        events.continuation.yield(call.method)
        throw ServiceError(.cancelled, "cancelled")
    }
}

/// A server on a socket in its own directory.
private struct TestServer {
    let dispatcher = TestDispatcher()
    let server: RPCServer
    let path: String
    private let folder: String

    init(
        peers: PeerPolicy = PeerPolicy(), interceptors: [any ServerInterceptor] = [], lineLimit: Int = 4096,
        replyLimit: Int = Wire.replyLimit
    ) async throws {
        folder = TemporaryPath.new("rpc")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        path = "\(folder)/x.sock"
        server = try await RPCServer.listen(
            path: path, dispatcher: dispatcher, interceptors: interceptors, peers: peers, lineLimit: lineLimit,
            replyLimit: replyLimit,
            logger: Logger(label: "test"))
    }

    func close() async {
        await server.close()
        try? FileManager.default.removeItem(atPath: folder)
    }
}

@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    @Test
    func `calls of one connection run concurrently and each gets its own reply`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<200 {
                group.addTask {
                    let reply = try await connection.call("echo", params: ["n": .integer(Int64(number))])
                    return reply["n"] == .integer(Int64(number))
                }
            }
            for try await isCorrect in group { #expect(isCorrect) }
        }
        await server.close()
    }

    @Test
    func `an error keeps its kind, its retryability and the provider's code`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let error = await #expect(throws: ServiceError.self) { try await connection.call("fail", params: [:]) }
        #expect(error?.kind == .quotaExhausted)
        #expect(error?.providerCode == "insufficient_quota")
        #expect(error?.retryable == false)
        await server.close()
    }

    @Test
    func `progress reports arrive before the reply, and reports in quick succession are coalesced`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let reports = Mutex<[ProgressReport]>([])
        _ = try await connection.call("steps", params: [:]) { report in reports.withLock { $0.append(report) } }
        let seen = reports.withLock { $0 }
        #expect(seen.first?.extra["step"] == .integer(1))
        // Fifty reports in succession: the first is sent, the others are coalesced, and the last one precedes the reply.
        #expect(seen.count <= 3 && seen.last?.extra["step"] == .integer(50))
        await server.close()
    }

    @Test
    func `cancelling the caller's task cancels the call on the server`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let task = Task { try await connection.call("hang", params: [:]) }
        _ = try await connection.call("echo", params: [:])
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
        var cancelled = server.dispatcher.events.stream.makeAsyncIterator()
        #expect(await cancelled.next() == "hang")
        await server.close()
    }

    @Test
    func `closing the connection cancels its calls on the server`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let task = Task { try await connection.call("hang", params: [:]) }
        _ = try await connection.call("echo", params: [:])
        await connection.close()
        await #expect(throws: RPCConnection.Lost.self) { try await task.value }
        var cancelled = server.dispatcher.events.stream.makeAsyncIterator()
        #expect(await cancelled.next() == "hang")
        await server.close()
    }

    @Test
    func `a server that drops a connection loses all its calls, and serves new connections`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let other = Task { try await connection.call("hang", params: [:]) }
        _ = try await connection.call("echo", params: [:])
        await #expect(throws: RPCConnection.Lost.self) { try await connection.call("drop", params: [:]) }
        await #expect(throws: RPCConnection.Lost.self) { try await other.value }
        var cancelled = server.dispatcher.events.stream.makeAsyncIterator()
        let ended = [await cancelled.next(), await cancelled.next()]
        #expect(Set(ended) == ["hang", "drop"])
        let next = try await RPCConnection.connect(to: server.path)
        #expect(try await next.call("echo", params: ["n": 1])["n"] == 1)
        await server.close()
    }

    @Test
    func `a call ends at its deadline, and the remaining time is propagated to nested calls`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let error = await #expect(throws: ServiceError.self) {
            try await connection.call("hang", params: [:], timeout: .milliseconds(50))
        }
        #expect(error?.kind == .timeout)
        let remaining = try await connection.call("nested", params: [:], timeout: .seconds(100))
        #expect((1...100_000).contains(remaining.double ?? -1))
        #expect(try await connection.call("nested", params: [:]) == .integer(-1))
        await server.close()
    }

    @Test
    func `job and trace are propagated, with a new span per call; without a trace the server starts one`() async throws
    {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let trace = TraceContext()
        let seen = try await CallContext.$current.withValue(CallContext(jobID: "job \"1\"", trace: trace)) {
            [try await connection.call("context", params: [:]), try await connection.call("context", params: ["x": 1])]
        }
        for context in seen {
            #expect(context["job"] == "job \"1\"")
            #expect(context["trace"]?.string == trace.traceID)
        }
        #expect(seen[0]["parent"] != seen[1]["parent"] && seen.allSatisfy { $0["parent"] != "0" })
        let started = try await [connection.call("context", params: [:]), connection.call("context", params: [:])]
        #expect(started[0]["trace"] != started[1]["trace"])
        #expect(started.allSatisfy { $0["trace"]?.string?.count == 32 && $0["parent"] == "0" && $0["job"] == "" })
        await server.close()
    }

    @Test
    func `an explicit _meta is not modified, and context that would make the line too long is omitted`() async throws {
        let server = try await TestServer(lineLimit: 1024)
        let connection = try await RPCConnection.connect(to: server.path, requestLimit: 1024)
        try await CallContext.$current.withValue(CallContext(jobID: "mine", trace: TraceContext())) { () async throws in
            let meta: JSONValue = ["job_id": "theirs"]
            #expect(try await connection.call("echo", params: ["_meta": meta])["_meta"] == meta)
            #expect(try await connection.call("context", params: ["_meta": meta])["job"] == "theirs")
            let long: JSONValue = ["x": .string(String(repeating: "y", count: 900))]
            #expect(try await connection.call("echo", params: long)["_meta"] == nil)
            #expect(try await connection.call("echo", params: ["x": 1])["_meta"]?["job_id"] == "mine")
        }
        await server.close()
    }

    @Test
    func `interceptors wrap each call of a server and of a client in order`() async throws {
        let seen = Mutex<[String]>([])
        struct Recorder: ServerInterceptor, ClientInterceptor {
            let name: String
            let record: @Sendable (String) -> Void

            func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data {
                record("\(name) of \(CallContext.current.trace == nil ? "nothing" : call.method)")
                if call.method == "rejected" { throw ServiceError(.busy, "by an interceptor") }
                defer { record("\(name) ends") }
                return try await next.answer(call)
            }

            func intercept(
                _ call: OutgoingCall, _ next: @Sendable (OutgoingCall) async throws -> Data
            ) async throws -> Data {
                var call = call
                call.jobID = "job of \(name)"
                record("\(name) to \(call.method)")
                defer { record("\(name) ends") }
                return try await next(call)
            }
        }
        let outer = Recorder(name: "outer") { event in seen.withLock { $0.append(event) } }
        let inner = Recorder(name: "inner") { event in seen.withLock { $0.append(event) } }
        let server = try await TestServer(interceptors: [outer, inner])
        let client = Recorder(name: "client") { event in seen.withLock { $0.append(event) } }
        let connection = try await RPCConnection.connect(to: server.path, interceptors: [client])
        #expect(try await connection.call("context", params: [:])["job"] == "job of client")
        let calls = [
            "client to context", "outer of context", "inner of context", "inner ends", "outer ends", "client ends",
        ]
        #expect(seen.withLock { $0 } == calls)
        let rejection = await #expect(throws: ServiceError.self) { try await connection.call("rejected", params: [:]) }
        #expect(rejection?.kind == .busy)
        await server.close()
    }

    @Test
    func `a server that finishes sends every reply before it closes`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path)
        let running = Task { try await connection.call("slow", params: [:]) }
        var events = server.dispatcher.events.stream.makeAsyncIterator()
        #expect(await events.next() == "slow")
        async let finished: Void = server.server.finish()
        #expect(try await running.value == "done")
        await finished
        await connection.waitUntilClosed()
        await server.close()
    }

    @Test
    func `a line beyond the limit gets an error and ends the connection`() async throws {
        let server = try await TestServer(lineLimit: 1024)
        let connection = try await RPCConnection.connect(to: server.path)
        let error = await #expect(throws: ServiceError.self) {
            try await connection.call("echo", params: ["x": .string(String(repeating: "y", count: 2000))])
        }
        #expect(error?.kind == .parse)
        await connection.waitUntilClosed()
        await server.close()
    }

    @Test
    func `a reply beyond the server's or the client's limit fails its call but not the connection`() async throws {
        let server = try await TestServer(replyLimit: 100_000)
        for connection in [
            try await RPCConnection.connect(to: server.path),
            try await RPCConnection.connect(to: server.path, replyLimit: 50_000),
        ] {
            let other = Task { try await connection.call("slow", params: [:]) }
            for bytes in [99_990, 200_000] {
                let error = await #expect(throws: ServiceError.self) {
                    try await connection.call("large", params: ["n": .integer(Int64(bytes))])
                }
                #expect(error?.kind == .tooLarge, "\(error?.message ?? "")")
            }
            #expect(try await connection.call("large", params: ["n": 40_000]).string?.utf8.count == 40_000)
            #expect(try await other.value == "done")
            #expect(connection.isOpen)
            await connection.close()
        }
        await server.close()
    }

    @Test
    func `a request that is too large fails its call but not the connection`() async throws {
        let server = try await TestServer(lineLimit: 1024)
        let connection = try await RPCConnection.connect(to: server.path, requestLimit: 1024)
        let other = Task { try await connection.call("slow", params: [:]) }
        let error = await #expect(throws: ServiceError.self) {
            try await connection.call("echo", params: ["x": .string(String(repeating: "y", count: 2000))])
        }
        #expect(error?.kind == .tooLarge)
        #expect(try await other.value == "done")
        await server.close()
    }

    @Test
    func `if the server rejects the longest request, the other calls are lost and can be retried`() async throws {
        let server = try await TestServer(lineLimit: 1024)
        let connection = try await RPCConnection.connect(to: server.path)
        let other = Task { try await connection.call("hang", params: [:]) }
        _ = try await connection.call("echo", params: [:])
        let error = await #expect(throws: ServiceError.self) {
            try await connection.call("echo", params: ["x": .string(String(repeating: "y", count: 2000))])
        }
        #expect(error?.kind == .parse)
        await #expect(throws: RPCConnection.Lost.self) { try await other.value }
        await server.close()
    }

    @Test
    func `a progress report that is too large is truncated`() async throws {
        let server = try await TestServer()
        let connection = try await RPCConnection.connect(to: server.path, replyLimit: 200_000)
        let reports = Mutex<[ProgressReport]>([])
        let reply = try await connection.call("largeProgress", params: [:]) { report in
            reports.withLock { $0.append(report) }
        }
        #expect(reply == "done")
        let seen = reports.withLock { $0 }
        #expect(
            seen.count == 1 && seen[0].message.utf8.count <= 4096 && seen[0].extra.isEmpty && seen[0].fraction == 0.5)
        await server.close()
    }

    @Test
    func `a client with a peer policy rejects a server of another user`() async throws {
        let server = try await TestServer()
        let error = await #expect(throws: ServiceError.self) {
            try await RPCConnection.connect(to: server.path, peers: PeerPolicy(uid: 4_000_000_000))
        }
        #expect(error?.kind == .unauthorized)
        await server.close()
    }

    @Test
    func `a client of another user gets an error and is disconnected`() async throws {
        let server = try await TestServer(peers: PeerPolicy(uid: 4_000_000_000))
        let connection = try await RPCConnection.connect(to: server.path)
        let error = await #expect(throws: (any Error).self) { try await connection.call("echo", params: [:]) }
        #expect(ServiceError(wrapping: error ?? CancellationError()).kind != .cancelled)
        await connection.waitUntilClosed()
        await server.close()
    }

    @Test
    func `connecting to a missing socket fails as a lost connection`() async {
        await #expect(throws: RPCConnection.Lost.self) {
            try await RPCConnection.connect(to: "/tmp/us-rpc-missing/x.sock", timeout: .milliseconds(20))
        }
    }
}
