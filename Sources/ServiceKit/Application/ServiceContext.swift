package import Blocking
package import Logging
package import ServicePool

/// What a service has in hand when it builds its methods.
package final class ServiceContext: Sendable {
    /// `clipper`, ...
    package let service: String
    package let settings: ServiceSettings
    /// One line an event, on standard error.
    package let logger: Logger
    /// The other services.
    package let pools: ServicePools
    /// Threads for work that blocks.
    package let blocking: BlockingPool

    package init(
        service: String, settings: ServiceSettings, logger: Logger, pools: ServicePools, blocking: BlockingPool
    ) {
        self.service = service
        self.settings = settings
        self.logger = logger
        self.pools = pools
        self.blocking = blocking
    }

    package var instance: String { settings.instance }
    package var version: String { ServiceSettings.version }
}
