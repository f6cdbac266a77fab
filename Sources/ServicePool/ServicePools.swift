// SPDX-License-Identifier: Apache-2.0

package import Calls
import Faults
package import JSONRPC
package import Logging
import Synchronization

/// The pools of all services that a process calls, created on first use.
package final class ServicePools: Sendable {
    /// The `provider_code` if no replica of the service runs.
    package static let noReplica = FaultCause.noReplica.rawValue
    /// The `provider_code` if no replica accepts connections, and the call was not sent; they may be back shortly.
    package static let replicaUnreachable = FaultCause.replicaUnreachable.rawValue
    /// The `provider_code` of a call that was sent, and lost with its replica, which may be back shortly.
    package static let replicaLost = FaultCause.replicaLost.rawValue
    /// The `provider_code` of a call that was lost with several processes in succession; a retry would probably crash another one.
    package static let replicaBroken = FaultCause.replicaBroken.rawValue

    /// How long a call that was lost with its replica waits for another one. A service that is restarted on a busy machine needs some seconds,
    /// and only its next process knows what the lost call has ordered.
    package static let restartTimeout = Duration.seconds(30)

    /// The directory in which services are found.
    package let runDirectory: RunDirectory
    private let logger: Logger
    private let replicaStallTimeout: Duration
    private let pools = Mutex<[ServiceName: ServicePool]>([:])

    /// Creates the pools of a run directory.
    ///
    /// - Parameter replicaStallTimeout: how long a replica with calls in flight may leave `rpc.health` unanswered.
    package init(runDirectory: RunDirectory, logger: Logger, replicaStallTimeout: Duration = .seconds(15)) {
        self.replicaStallTimeout = replicaStallTimeout
        self.runDirectory = runDirectory
        self.logger = logger
    }

    /// The pool of a service. Use `call` to call a method; it selects the service.
    package subscript(service: ServiceName) -> ServicePool {
        pools.withLock { pools in
            if let pool = pools[service] { return pool }
            let pool = ServicePool(
                service: service.rawValue, directory: runDirectory, logger: logger,
                replicaStallTimeout: replicaStallTimeout)
            pools[service] = pool
            return pool
        }
    }

    /// Calls a method on any replica of its service.
    ///
    /// ```swift
    /// let clip = try await pools.call(ClipperAPI.create, request)
    /// let stats = try await pools.call(ServiceStats.method.of(.clipper), NoParams())
    /// ```
    /// - Parameters:
    ///   - replicaTimeout: how long to wait while no replica is available.
    ///   - onSent: called each time the call is sent to a replica.
    ///   - onProgress: as for `RPCConnection.call`.
    /// - Throws: as `ServicePool.call`; `internal` if the method declares no service.
    package func call<P, R>(
        _ method: Method<P, R>, _ params: P, replicaTimeout: Duration = .seconds(10),
        onSent: (@Sendable () -> Void)? = nil, onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        guard let service = method.service else {
            throw ServiceError(.internal, "\(method.name) exists on every service: name the service to call")
        }
        return try await self[service].call(
            method, params, replicaTimeout: replicaTimeout, onSent: onSent, onProgress: onProgress)
    }

    /// Shuts down all pools: closes their connections and fails waiting calls.
    package func shutDown() async {
        for pool in pools.withLock({ Array($0.values) }) { await pool.shutDown() }
    }
}
