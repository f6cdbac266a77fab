package import Calls
package import JSON

/// The methods that every service has, beside its own. They never wait behind work, and answer while the service drains.
///
/// `cancel` and `progress` belong to the connection; the others have a declaration below, and `ServiceKit` answers them.
package enum SystemMethod: String, Sendable, CaseIterable {
    /// Describes the service as an OpenRPC document.
    case discover = "rpc.discover"
    /// Whether the replica serves: `ServiceHealth`.
    case health = "rpc.health"
    /// Counters and latency quantiles: `ServiceStats`.
    case stats = "rpc.stats"
    /// The same for Prometheus: `ServiceMetrics`.
    case metrics = "rpc.metrics"
    /// Reads and sets what is logged: `LogLevelState`.
    case logLevel = "rpc.loglevel"
    /// From the caller, a notification or a request: stop the call with this `id`.
    case cancel = "rpc.cancel"
    /// From the callee, a notification: how far the call with this `id` is.
    case progress = "rpc.progress"

    /// How the names of all of them begin, and of no other method.
    package static let prefix = "rpc."

    /// `rpc.discover`.
    package static let discovery = Method<NoParams, JSONValue>(
        discover.rawValue, idempotent: true, load: .light, summary: "Describes this service as an OpenRPC document.")
}

extension ServiceHealth {
    /// `rpc.health`.
    package static let method = Method<NoParams, ServiceHealth>(
        SystemMethod.health.rawValue, idempotent: true, load: .light,
        summary: "Says whether this replica serves, and how busy it is.")
}

extension ServiceStats {
    /// `rpc.stats`.
    package static let method = Method<NoParams, ServiceStats>(
        SystemMethod.stats.rawValue, idempotent: true, load: .light,
        summary: "Counters and latency quantiles per method.")
}

extension ServiceMetrics {
    /// `rpc.metrics`.
    package static let method = Method<NoParams, ServiceMetrics>(
        SystemMethod.metrics.rawValue, idempotent: true, load: .light,
        summary: "Calls, errors, latency and calls in flight per method, in Prometheus' text format.")
}

extension LogLevelState {
    /// `rpc.loglevel`.
    package static let method = Method<SetLogLevel, LogLevelState>(
        SystemMethod.logLevel.rawValue, idempotent: true, load: .light,
        summary: "Returns which lines this process logs; sets it where a level is given, until the process ends.")
}
