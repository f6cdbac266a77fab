package import Logging
package import ServicePool
import Synchronization

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
    private let reportedLayout = Mutex<ServiceLayout?>(nil)

    package init(
        service: String, settings: ServiceSettings, logger: Logger, pools: ServicePools, blocking: BlockingPool
    ) {
        self.service = service
        self.settings = settings
        self.logger = logger
        self.pools = pools
        self.blocking = blocking
    }

    /// What `rpc.health` reports as `layout`; absent unless the service sets it.
    package var layout: ServiceLayout? {
        get { reportedLayout.withLock { $0 } }
        set { reportedLayout.withLock { $0 = newValue } }
    }

    package var instance: String { settings.instance }
    package var version: String { ServiceSettings.version }
}
