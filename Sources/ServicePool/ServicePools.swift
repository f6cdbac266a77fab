import JSONRPC
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
    private let pools = Mutex<[String: ServicePool]>([:])

    /// - Parameter stall: how long a replica with calls in flight may go without answering `rpc.health`.
    package init(runDirectory: RunDirectory, logger: Logger, stall: Duration = .seconds(15)) {
        self.stall = stall
        self.runDirectory = runDirectory
        self.logger = logger
    }

    package subscript(service: String) -> ServicePool {
        pools.withLock { pools in
            if let pool = pools[service] { return pool }
            let pool = ServicePool(service: service, directory: runDirectory, logger: logger, stall: stall)
            pools[service] = pool
            return pool
        }
    }

    package func shutDown() async {
        for pool in pools.withLock({ Array($0.values) }) { await pool.shutDown() }
    }
}
