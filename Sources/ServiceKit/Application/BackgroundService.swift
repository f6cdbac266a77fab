import ServiceLifecycle

/// Runs a part of a service until the group stops it, which is after the server's last call has ended.
struct BackgroundService: Service {
    let service: any Service

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await service.run() }
            // A service that ends while calls are still being drained would count as failed.
            try await gracefulShutdown()
        } catch is CancellationError {
            // Stopping is not a failure.
        }
    }
}
