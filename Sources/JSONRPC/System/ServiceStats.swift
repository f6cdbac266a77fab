// SPDX-License-Identifier: Apache-2.0

package import JSON

/// The result of `rpc.stats`.
package struct ServiceStats: Codable, Sendable {
    /// The statistics of one method.
    package struct MethodStats: Codable, Sendable {
        /// The number of calls that have ended.
        package var calls: Int
        /// The number of failed calls by error kind.
        package var errors: [String: Int]
        /// The median latency in seconds.
        package var p50: Double?
        /// The 95th percentile of the latency in seconds.
        package var p95: Double?
        /// The 99th percentile of the latency in seconds.
        package var p99: Double?

        /// Creates statistics.
        package init(calls: Int, errors: [String: Int], p50: Double?, p95: Double?, p99: Double?) {
            self.calls = calls
            self.errors = errors
            self.p50 = p50
            self.p95 = p95
            self.p99 = p99
        }

        private enum CodingKeys: String, CodingKey {
            case calls, errors
            case p50 = "p50_s"
            case p95 = "p95_s"
            case p99 = "p99_s"
        }
    }

    /// The service's name.
    package var service: String
    /// The replica's name.
    package var instance: String
    /// The seconds since the process started.
    package var uptime: Double
    /// The number of calls that occupy a slot.
    package var inFlight: Int
    /// The resident memory of the process, in bytes.
    package var residentBytes: Int
    /// The processor time that the process has used, in seconds; absent from replicas of earlier versions.
    package var processorTime: Double?
    /// The statistics of the methods that were called, by name.
    package var methods: [String: MethodStats]
    /// The number of log lines that were dropped because standard error was not read; absent if 0.
    package var droppedLogLines: Int?
    /// Service-specific statistics.
    package var details: [String: JSONValue]?

    /// Creates statistics.
    package init(
        service: String, instance: String, uptime: Double, inFlight: Int, residentBytes: Int, processorTime: Double?,
        methods: [String: MethodStats], droppedLogLines: Int?, details: [String: JSONValue]?
    ) {
        self.service = service
        self.instance = instance
        self.uptime = uptime
        self.inFlight = inFlight
        self.residentBytes = residentBytes
        self.processorTime = processorTime
        self.methods = methods
        self.droppedLogLines = droppedLogLines
        self.details = details
    }

    private enum CodingKeys: String, CodingKey {
        case service, instance, methods, details
        case uptime = "uptime_s"
        case inFlight = "in_flight"
        case residentBytes = "resident_bytes"
        case processorTime = "cpu_s"
        case droppedLogLines = "dropped_log_lines"
    }
}
