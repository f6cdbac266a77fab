// SPDX-License-Identifier: Apache-2.0

package import Blocking
package import Logging
package import ServicePool

/// The dependencies that a service receives when its application is created.
package final class ServiceContext: Sendable {
    /// The service's name, such as `clipper`.
    package let service: String
    /// The settings from the environment.
    package let settings: ServiceSettings
    /// Logs to standard error, one line per event.
    package let logger: Logger
    /// Clients of the other services.
    package let pools: ServicePools
    /// Threads for blocking work.
    package let blocking: BlockingPool

    /// Creates a context.
    package init(
        service: String, settings: ServiceSettings, logger: Logger, pools: ServicePools, blocking: BlockingPool
    ) {
        self.service = service
        self.settings = settings
        self.logger = logger
        self.pools = pools
        self.blocking = blocking
    }

    /// The replica's name.
    package var instance: String { settings.instance }
    /// The version of the program.
    package var version: String { ServiceSettings.version }
}
