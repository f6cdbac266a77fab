package import JSON

/// What `rpc.stats` answers.
package struct ServiceStats: Codable, Sendable {
    package struct MethodStats: Codable, Sendable {
        package var calls: Int
        /// Failed calls by kind.
        package var errors: [String: Int]
        /// Seconds.
        package var p50: Double?
        package var p95: Double?
        package var p99: Double?

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

    package var service: String
    package var instance: String
    /// Seconds since the process began to serve.
    package var uptime: Double
    package var inFlight: Int
    /// Bytes of memory in use by the process.
    package var residentBytes: Int
    package var methods: [String: MethodStats]
    /// Log lines that were dropped because standard error was not read; absent while there are none.
    package var droppedLogLines: Int?
    /// What only this service knows.
    package var details: [String: JSONValue]?

    package init(
        service: String, instance: String, uptime: Double, inFlight: Int, residentBytes: Int,
        methods: [String: MethodStats], droppedLogLines: Int?, details: [String: JSONValue]?
    ) {
        self.service = service
        self.instance = instance
        self.uptime = uptime
        self.inFlight = inFlight
        self.residentBytes = residentBytes
        self.methods = methods
        self.droppedLogLines = droppedLogLines
        self.details = details
    }

    private enum CodingKeys: String, CodingKey {
        case service, instance, methods, details
        case uptime = "uptime_s"
        case inFlight = "in_flight"
        case residentBytes = "resident_bytes"
        case droppedLogLines = "dropped_log_lines"
    }
}
