// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import ServicePool
import Untrusted

/// The replicas of all services and their health, as a table.
struct ReplicaList {
    private let directory: RunDirectory

    init(_ directory: RunDirectory) {
        self.directory = directory
    }

    /// - Throws: `unavailable` if no service is running.
    func table() async throws -> TextTable {
        var table = TextTable("SERVICE", "INSTANCE", "STATUS", "CALLS", "UPTIME", "PID")
        for (service, instance) in try Self.replicas(in: directory) {
            table.rows.append(await row(service, instance))
        }
        return table
    }

    /// All replicas.
    ///
    /// - Throws: `unavailable` if there are none.
    static func replicas(in directory: RunDirectory) throws(ServiceError) -> [(service: String, instance: String)] {
        let replicas = directory.services().flatMap { service in
            directory.instances(of: service).map { (service, $0) }
        }
        guard !replicas.isEmpty else {
            throw ServiceError(
                .unavailable, "no service is running in \(directory.path): start them with `understudy up`")
        }
        return replicas
    }

    private func row(_ service: String, _ instance: String) async -> [String] {
        do {
            let connection = try await directory.connect(to: service, instance: instance, timeout: .zero)
            let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(2))
            await connection.close()
            return [
                service, instance, health.problem ?? health.status.rawValue, "\(health.inFlight)/\(health.capacity)",
                "\(Int(clamping: health.uptime)) s", health.pid.map(String.init) ?? "-",
            ]
        } catch {
            return [service, instance, "dead: \(ServiceError(wrapping: error).message)", "-", "-", "-"]
        }
    }
}
