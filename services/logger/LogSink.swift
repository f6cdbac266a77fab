// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// A destination of log events.
protocol LogSink: Sendable {
    /// The name in `UNDERSTUDY_LOG_SINKS` and in reports.
    var name: String { get }

    /// Accepts events, all or none. Events that are not accepted are counted as dropped.
    ///
    /// - Throws: why the events were not accepted.
    func append(_ events: [SpooledEvent]) async throws(ServiceError)

    /// Flushes accepted events to the disk and delivers them as far as possible.
    func flush() async throws(ServiceError)

    /// The numbers of events since the start of the service.
    var counts: SinkCounts { get async }
}
