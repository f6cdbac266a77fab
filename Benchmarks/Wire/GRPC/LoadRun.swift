// SPDX-License-Identifier: Apache-2.0

import GRPCCore
import GRPCNIOTransportHTTP2Posix

/// Calls `bench.Bench/Echo` for some seconds, over some connections with some calls in flight on each, and measures
/// each call, as `wire-bench` does. Each connection has a client of its own.
struct LoadRun {
    typealias Client = GRPCClient<HTTP2ClientTransport.Posix>

    let path: String
    let connections: Int
    let inFlight: Int
    /// The bytes of each call's message.
    let bytes: Int
    let seconds: Double
    let settings: TransportSettings

    /// - Returns: the times of all calls in nanoseconds, sorted.
    func run() async throws -> [Int64] {
        let message = [UInt8](repeating: UInt8(ascii: "x"), count: bytes)
        let clients = try (0..<connections).map { _ in try makeClient() }
        return try await withThrowingTaskGroup(of: Void.self) { running in
            for client in clients {
                running.addTask { try await client.runConnections() }
            }
            // A client connects at its first call, which is not measured.
            for client in clients { try await Self.call(client, message) }
            let times = try await measure(clients, message)
            for client in clients { client.beginGracefulShutdown() }
            try await running.waitForAll()
            return times
        }
    }

    private func makeClient() throws -> Client {
        let transport = try HTTP2ClientTransport.Posix(
            target: .unixDomainSocket(path: path), transportSecurity: .plaintext, config: settings.clientConfig)
        return Client(transport: transport)
    }

    private func measure(_ clients: [Client], _ message: [UInt8]) async throws -> [Int64] {
        let end = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: [Int64].self) { group in
            for client in clients {
                for _ in 0..<inFlight {
                    group.addTask { try await Self.calls(client, message, until: end) }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
    }

    private static func calls(
        _ client: Client, _ message: [UInt8], until end: ContinuousClock.Instant
    ) async throws -> [Int64] {
        var times: [Int64] = []
        while true {
            let start = ContinuousClock.now
            guard start < end else { return times }
            try await call(client, message)
            let (seconds, attoseconds) = start.duration(to: .now).components
            times.append(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        }
    }

    private static func call(_ client: Client, _ message: [UInt8]) async throws {
        let reply = try await client.unary(
            request: ClientRequest(message: message), descriptor: EchoService.echo, serializer: BytesCoder(),
            deserializer: BytesCoder(), options: .defaults
        ) { try $0.message }
        guard reply.count == message.count else {
            throw RPCError(code: .internalError, message: "the reply has another length than the request")
        }
    }
}
