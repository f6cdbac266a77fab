// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import ServicePool

/// Connections to the first responding replica of a service.
enum ReplicaConnection {
    /// How long a replica may take to answer `rpc.health`, by default.
    static let defaultTimeout = Duration.seconds(30)

    /// Connects to the first replica that answers `rpc.health`, since a stopped process still has its socket.
    ///
    /// - Parameter timeout: how long each replica may take to answer.
    /// - Throws: `unavailable` that names the run directory if no replica is running; `timeout` if none answers.
    static func connect(
        _ service: ServiceName, in directory: RunDirectory, timeout: Duration = ReplicaConnection.defaultTimeout
    ) async throws -> RPCConnection {
        var last: (any Error)?
        for instance in directory.instances(of: service.rawValue) {
            do {
                let connection = try await directory.connect(
                    to: service.rawValue, instance: instance, timeout: .milliseconds(100))
                try await check(connection, timeout: timeout)
                return connection
            } catch {
                last = error
            }
        }
        if let last { throw last }
        let running = directory.services().filter { !directory.instances(of: $0).isEmpty }
        let hint =
            running.isEmpty
            ? "no service is running there; start them with `understudy up`"
            : "the running services are \(running.joined(separator: ", "))"
        throw ServiceError(.unavailable, "no socket of \(service) in \(directory.path): \(hint)")
    }

    /// Connects to a service that need not be running.
    ///
    /// - Returns: `nil` if no replica is running.
    /// - Throws: `timeout` if a replica is running but does not answer.
    static func connectIfRunning(_ service: ServiceName, in directory: RunDirectory) async throws -> RPCConnection? {
        do {
            return try await connect(service, in: directory)
        } catch {
            guard ServiceError(wrapping: error).kind == .timeout else { return nil }
            throw error
        }
    }

    private static func check(_ connection: RPCConnection, timeout: Duration) async throws {
        do {
            _ = try await connection.call(ServiceHealth.method, NoParams(), timeout: timeout)
        } catch let error as ServiceError where error.kind == .timeout {
            await connection.close()
            let seconds = Double(timeout.milliseconds) / 1000
            throw ServiceError(
                .timeout,
                "\(connection.path) accepts connections but does not answer within \(seconds) s: its process is stopped or overloaded; "
                    + "see `understudy ps`")
        } catch is ServiceError {
            // Any other error is an answer.
        }
    }
}
