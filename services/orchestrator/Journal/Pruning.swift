// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// The service that deletes ended jobs as `Retention` requires.
struct Pruning: Service {
    let retention: Retention
    let registry: JobRegistry
    let logger: Logger

    func run() async { await retention.run(registry, logger) }
}
