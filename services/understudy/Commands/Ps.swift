// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Calls
import Faults
import JSONRPC
import ServiceKit
import ServicePool
import Untrusted

/// `understudy ps`: lists the replicas of all services.
struct Ps: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "List the replicas of all services and their health.")

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        var table = TextTable("SERVICE", "INSTANCE", "STATUS", "CALLS", "UPTIME", "PID")
        for service in directory.services() {
            for instance in directory.instances(of: service) {
                table.rows.append(await row(service, instance, directory))
            }
        }
        guard !table.rows.isEmpty else {
            throw ServiceError(
                .unavailable, "no service is running in \(directory.path): start them with `understudy up`")
        }
        Terminal.print(table.text)
    }

    private func row(_ service: String, _ instance: String, _ directory: RunDirectory) async -> [String] {
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
