// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Delivers spooled events to CloudWatch while the service runs.
struct CloudSinkService: Service {
    let sink: CloudSink
    /// Time limit in seconds for delivering the remaining events after shutdown was requested.
    let drainSeconds: Double

    func run() async { await sink.run(drainSeconds: drainSeconds) }
}
