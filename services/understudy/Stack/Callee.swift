import Calls
import Faults
import JSONRPC
import ServicePool

/// A connection to any replica of a service that is up.
enum Callee {
    /// How long a replica may take to answer, if nothing else is asked for.
    static let patience = Duration.seconds(30)

    /// Connects to the first replica that answers `rpc.health`: a process that was stopped keeps its socket.
    ///
    /// - Parameter patience: how long a replica may take to answer.
    /// - Throws: `unavailable` that says where it was looked for; `timeout` for a service that is there and does not answer.
    static func connect(
        _ service: ServiceName, in directory: RunDirectory, within patience: Duration = Callee.patience
    ) async throws -> RPCConnection {
        var last: (any Error)?
        for instance in directory.instances(of: service.rawValue) {
            do {
                let connection = try await directory.connect(
                    to: service.rawValue, instance: instance, patience: .milliseconds(100))
                try await check(connection, within: patience)
                return connection
            } catch {
                last = error
            }
        }
        if let last { throw last }
        let known = directory.services().filter { !directory.instances(of: $0).isEmpty }
        let hint =
            known.isEmpty
            ? "nothing runs there; start it by `understudy up`" : "there are \(known.joined(separator: ", "))"
        throw ServiceError(.unavailable, "no socket of \(service) in \(directory.path): \(hint)")
    }

    /// The same for a service that need not run.
    ///
    /// - Returns: `nil` if none runs.
    /// - Throws: `timeout` for one that is there and does not answer.
    static func connectIfUp(_ service: ServiceName, in directory: RunDirectory) async throws -> RPCConnection? {
        do {
            return try await connect(service, in: directory)
        } catch {
            guard ServiceError(wrapping: error).kind == .timeout else { return nil }
            throw error
        }
    }

    private static func check(_ connection: RPCConnection, within patience: Duration) async throws {
        do {
            _ = try await connection.call(ServiceHealth.method, NoParams(), timeout: patience)
        } catch let error as ServiceError where error.kind == .timeout {
            await connection.close()
            let seconds = Double(patience.milliseconds) / 1000
            throw ServiceError(
                .timeout,
                "\(connection.path) is connected and does not answer within \(seconds) s: its process is stopped or overloaded; "
                    + "see `understudy ps`")
        } catch is ServiceError {
            // Whatever it says: it answers.
        }
    }
}
