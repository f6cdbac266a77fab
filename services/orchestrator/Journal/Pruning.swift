import Logging
import ServiceLifecycle

/// Prunes past jobs as long as the service runs.
struct Pruning: Service {
    let retention: Retention
    let orchestra: Orchestra
    let logger: Logger

    func run() async { await retention.run(orchestra, logger) }
}
