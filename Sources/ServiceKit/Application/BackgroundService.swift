// SPDX-License-Identifier: Apache-2.0

import ServiceLifecycle

/// Runs a background service until the group shuts it down, which is after the server's last call has ended.
struct BackgroundService: Service {
    let service: any Service

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await service.run() }
            // The group treats a service that ends before its shutdown as failed.
            try await gracefulShutdown()
        } catch is CancellationError {
            // Cancellation is the normal end.
        }
    }
}
