// SPDX-License-Identifier: Apache-2.0

import Faults
import JSONRPC

/// Calls `bench.echo` for some seconds, over some connections with some calls in flight on each, and measures each call.
struct LoadRun {
    let path: String
    let connections: Int
    let inFlight: Int
    /// The bytes of each call's text.
    let bytes: Int
    let seconds: Double

    /// - Returns: the times of all calls in nanoseconds, sorted.
    func run() async throws -> [Int64] {
        let echo = Echo(text: String(repeating: "x", count: bytes))
        let end = ContinuousClock.now + .seconds(seconds)
        return try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<connections {
                let connection = try await RPCConnection.connect(to: path)
                for _ in 0..<inFlight {
                    group.addTask(executorPreference: connection.executor) {
                        try await Self.calls(connection, echo, until: end)
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }.sorted()
        }
    }

    private static func calls(
        _ connection: RPCConnection, _ echo: Echo, until end: ContinuousClock.Instant
    ) async throws -> [Int64] {
        var times: [Int64] = []
        while true {
            let start = ContinuousClock.now
            guard start < end else { return times }
            let reply = try await connection.call(Echo.method, echo)
            guard reply.text.utf8.count == echo.text.utf8.count else {
                throw ServiceError(.internal, "the reply has another length than the request")
            }
            let (seconds, attoseconds) = start.duration(to: .now).components
            times.append(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
        }
    }
}
