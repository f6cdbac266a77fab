// SPDX-License-Identifier: Apache-2.0

package import Calls
package import JSON

/// The methods that every service provides. They occupy no slots and are answered while the service drains.
///
/// The connection handles `cancel` and `progress`; the others are declared below and answered by `ServiceKit`.
package enum SystemMethod: String, Sendable, CaseIterable {
    /// Describes the service as an OpenRPC document.
    case discover = "rpc.discover"
    /// Returns the replica's status: `ServiceHealth`.
    case health = "rpc.health"
    /// Returns counters and latency quantiles: `ServiceStats`.
    case stats = "rpc.stats"
    /// Returns metrics for Prometheus: `ServiceMetrics`.
    case metrics = "rpc.metrics"
    /// Reads or sets the log level: `LogLevelState`.
    case logLevel = "rpc.loglevel"
    /// Cancels the call with this `id`; sent by the caller as a notification or a request.
    case cancel = "rpc.cancel"
    /// Reports the progress of the call with this `id`; sent by the callee as a notification.
    case progress = "rpc.progress"

    /// The prefix of system methods, reserved for them.
    package static let prefix = "rpc."

    /// `rpc.discover`: an OpenRPC document.
    package static let discovery = Method<NoParams, JSONValue>(
        discover.rawValue, idempotent: true, load: .light, summary: "Describes this service as an OpenRPC document.")
}

extension ServiceHealth {
    /// `rpc.health`.
    package static let method = Method<NoParams, ServiceHealth>(
        SystemMethod.health.rawValue, idempotent: true, load: .light,
        summary: "Reports whether this replica serves, and how busy it is.")
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
        summary: "Returns the log level of this process, after setting it if a level is given, until the process ends.")
}
