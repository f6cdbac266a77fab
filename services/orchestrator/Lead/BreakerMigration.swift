// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

/// Moves the breakers of image providers that earlier versions stored in the job store to `imagegen`, once.
struct BreakerMigration: Service {
    let breakers: Breakers
    let services: any JobServices
    let logger: Logger

    func run() async {
        do {
            try await breakers.migrateImageBreakers { _ = try await services.imageBreaker($0, $1) }
        } catch {
            logger.warning("the breakers of image providers cannot be moved to imagegen: \(error)")
        }
    }
}
