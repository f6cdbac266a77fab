// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials

/// Writes events to the local file.
struct FileSink: LogSink {
    let file: EventFile

    var name: String { "file" }

    func append(_ events: [SpooledEvent]) async throws(ServiceError) { try await file.append(events) }

    func flush() async throws(ServiceError) { try await file.flush() }

    var counts: SinkCounts {
        get async { SinkCounts(pending: 0, delivered: await file.delivered, dropped: await file.dropped) }
    }
}
