import Logging
import ServiceLifecycle

/// Hands the breakers of image providers that earlier versions stored here over to `imagegen`, once.
struct BreakerHandover: Service {
    let breakers: Breakers
    let studio: any Studio
    let logger: Logger

    func run() async {
        do {
            try await breakers.handOver { _ = try await studio.imageBreaker($0, $1) }
        } catch {
            logger.warning("breakers of image providers were not handed over: \(error)")
        }
    }
}
