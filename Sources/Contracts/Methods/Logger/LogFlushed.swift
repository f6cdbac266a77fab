// SPDX-License-Identifier: Apache-2.0

/// The result of `logger.flush`. The counts are sums over all sinks, so an event for two sinks counts twice.
package struct LogFlushed: Codable, Sendable {
    /// Events accepted and not yet delivered.
    package var pending: Int
    /// Events delivered since the service started.
    package var delivered: Int
    /// Events lost since the service started.
    package var dropped: Int
    /// The counts by the name of the sink, `file` or `cloudwatch`.
    package var sinks: [String: SinkCounts]?

    /// Creates a result and sums up the counts.
    package init(sinks: [String: SinkCounts]) {
        self.sinks = sinks
        pending = sinks.values.reduce(0) { $0 + $1.pending }
        delivered = sinks.values.reduce(0) { $0 + $1.delivered }
        dropped = sinks.values.reduce(0) { $0 + $1.dropped }
    }
}

/// The events of one sink since the service started.
package struct SinkCounts: Codable, Sendable, Equatable {
    /// Events accepted and not yet delivered, including those of earlier runs.
    package var pending: Int
    /// Events delivered.
    package var delivered: Int
    /// Events lost: the sink could not store them or will never accept them.
    package var dropped: Int
    /// The size in bytes of the spool; absent if the sink has none.
    package var spoolBytes: Int?
    /// Why nothing is being delivered; absent if deliveries succeed. `trouble` on the wire.
    package var problem: String?

    /// Creates the counts of a sink.
    package init(pending: Int, delivered: Int, dropped: Int, spoolBytes: Int? = nil, problem: String? = nil) {
        self.pending = pending
        self.delivered = delivered
        self.dropped = dropped
        self.spoolBytes = spoolBytes
        self.problem = problem
    }

    private enum CodingKeys: String, CodingKey {
        case pending, delivered, dropped
        case problem = "trouble"
        case spoolBytes = "spool_bytes"
    }
}
