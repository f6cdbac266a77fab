// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON
import JSONRPC
import Logging
import NIOPosix
import TestSupport
import Testing

/// Answers whether a call runs on an event loop. The methods whose names begin with `light` are light.
private struct PlaceDispatcher: Dispatcher {
    func isLight(_ method: String) -> Bool { method.hasPrefix("light") }

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        let isOnLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
        switch call.method {
        case "light.sleep": try? await Task.sleep(for: .milliseconds(20))
        case "light.forever":
            try? await Task.sleep(for: .seconds(600))
            throw ServiceError(.cancelled, "cancelled")
        case "light.fail": throw ServiceError(.notFound, "on a loop: \(isOnLoop)")
        default: break
        }
        return Data("\(isOnLoop)".utf8)
    }
}

/// Calls of light methods begin on the event loop of their connection, except those with large parameters.
@Suite(.timeLimit(.minutes(1))) struct LightCallTests {
    private func withConnection(_ body: (RPCConnection, String) async throws -> Void) async throws {
        let folder = TemporaryPath.new("light")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/x.sock"
        let server = try await RPCServer.listen(
            path: path, dispatcher: PlaceDispatcher(), peers: PeerPolicy(), logger: Logger(label: "test"))
        let connection = try await RPCConnection.connect(to: path)
        try await body(connection, path)
        await connection.close()
        await server.close()
    }

    /// Whether a call began on an event loop.
    private func isOnLoop(_ connection: RPCConnection, _ method: String, _ params: JSONValue? = nil) async throws
        -> Bool
    {
        try await connection.call(method, params: params) == .bool(true)
    }

    @Test
    func `light calls begin on the event loop, others do not, nor do those with large parameters`() async throws {
        try await withConnection { connection, _ in
            let most: JSONValue = ["text": .string(String(repeating: "x", count: 100_000))]
            let more: JSONValue = ["text": .string(String(repeating: "x", count: 200_000))]
            let begin = [
                try await isOnLoop(connection, "light.place"), try await isOnLoop(connection, "light.place", most),
                try await isOnLoop(connection, "light.place", more), try await isOnLoop(connection, "heavy.place"),
            ]
            #expect(begin == [true, true, false, false])
        }
    }

    @Test
    func `a light call that suspends delays no other, and an error is its reply`() async throws {
        try await withConnection { connection, _ in
            async let slow = isOnLoop(connection, "light.sleep")
            let quick = try await isOnLoop(connection, "light.place")
            let slept = try await slow
            #expect(quick && slept)
            let error = await #expect(throws: ServiceError.self) {
                try await connection.call("light.fail", params: nil)
            }
            #expect(error?.kind == .notFound && error?.message == "on a loop: true")
        }
    }

    @Test
    func `a light call that suspends ends at its deadline, and when it is cancelled`() async throws {
        try await withConnection { connection, _ in
            let late = await #expect(throws: ServiceError.self) {
                try await connection.call("light.forever", params: nil, timeout: .milliseconds(20))
            }
            #expect(late?.kind == .timeout)
            let call = Task { try await connection.call("light.forever", params: nil) }
            // The connection is idle again once the server has replied to a call after it.
            let isServed = try await isOnLoop(connection, "light.place")
            #expect(isServed)
            call.cancel()
            await #expect(throws: CancellationError.self) { try await call.value }
        }
    }

    @Test
    func `a batch of light calls, notifications among them, gets one array`() async throws {
        try await withConnection { _, path in
            let peer = try #require(UnixPeer(path))
            let call = #"{"jsonrpc":"2.0","id":%,"method":"light.place"}"#
            let note = #"{"jsonrpc":"2.0","method":"light.place"}"#
            let batch = [call.replacing("%", with: "1"), note, call.replacing("%", with: "2")].joined(separator: ",")
            peer.send("[\(batch)]\n")
            let reply = try JSONCoding.decode(JSONValue.self, from: Data(try #require(await peer.nextLine()).utf8))
            #expect(reply.array?.map { $0["result"] } == [true, true])
            #expect(reply.array?.map { $0["id"] } == [1, 2])
        }
    }
}
