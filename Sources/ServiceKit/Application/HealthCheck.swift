// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import ServicePool
import Untrusted

/// Implements `--healthcheck`: queries this replica on its own socket, so that a container engine needs no shell.
enum HealthCheck {
    /// The time within which the replica must answer.
    private static let timeout = Duration.seconds(3)

    /// Queries the replica and prints its status.
    ///
    /// - Returns: the exit status: 0 if the replica serves and is healthy, otherwise 1 after printing the reason.
    static func run(_ service: String) async -> Int32 {
        do {
            let settings = try ServiceSettings()
            let connection = try await settings.runDirectory.connect(
                to: service, instance: settings.instance, timeout: .zero)
            let health = try await connection.call(
                ServiceHealth.method, NoParams(), timeout: Self.timeout)
            await connection.close()
            StandardStreams.output("\(service)/\(settings.instance.printable()): \(health.status.rawValue)\n")
            if let problem = health.problem { StandardStreams.error("\(service): \(problem.printable())\n") }
            return health.status == .serving && health.problem == nil ? 0 : 1
        } catch {
            let message = ServiceError(wrapping: error).message.printable()
            StandardStreams.error("\(service): not serving: \(message)\n")
            return 1
        }
    }
}
