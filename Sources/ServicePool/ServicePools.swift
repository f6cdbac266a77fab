package import Calls
import Faults
package import JSONRPC
package import Logging
import Synchronization

/// The pools of all services that a process calls, made when first asked for.
package final class ServicePools: Sendable {
    /// `provider_code` of the error where a replica was there and does not answer: it may be back in a moment.
    package static let replicaLost = FaultCause.replicaLost.rawValue
    /// `provider_code` of the error of a call that was lost with several processes one after the other: making it again would break
    /// another.
    package static let replicaBroken = FaultCause.replicaBroken.rawValue

    package let runDirectory: RunDirectory
    private let logger: Logger
    private let stall: Duration
    private let pools = Mutex<[ServiceName: ServicePool]>([:])

    /// - Parameter stall: how long a replica with calls in flight may go without answering `rpc.health`.
    package init(runDirectory: RunDirectory, logger: Logger, stall: Duration = .seconds(15)) {
        self.stall = stall
        self.runDirectory = runDirectory
        self.logger = logger
    }

    /// All replicas of a service. Calls go through `call`, which chooses the service by the method.
    package subscript(service: ServiceName) -> ServicePool {
        pools.withLock { pools in
            if let pool = pools[service] { return pool }
            let pool = ServicePool(service: service.rawValue, directory: runDirectory, logger: logger, stall: stall)
            pools[service] = pool
            return pool
        }
    }

    /// Calls a method on any replica of the service that answers it.
    ///
    /// ```swift
    /// let clip = try await pools.call(ClipperAPI.create, request)
    /// let stats = try await pools.call(ServiceStats.method.of(.clipper), NoParams())
    /// ```
    /// - Parameters:
    ///   - patience: how long to wait for a first replica to appear, or to come back.
    ///   - onSent: called each time the call leaves for a replica.
    ///   - onProgress: as for `RPCConnection.call`.
    /// - Throws: as `ServicePool.call`; `internal` for a method that names no service.
    package func call<P, R>(
        _ method: Method<P, R>, _ params: P, patience: Duration = .seconds(10),
        onSent: (@Sendable () -> Void)? = nil, onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        guard let service = method.service else {
            throw ServiceError(.internal, "\(method.name) is a method of every service: use of(_:) to choose one")
        }
        return try await self[service].call(
            method, params, patience: patience, onSent: onSent, onProgress: onProgress)
    }

    package func shutDown() async {
        for pool in pools.withLock({ Array($0.values) }) { await pool.shutDown() }
    }
}
