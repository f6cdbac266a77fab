// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSON
import JSONRPC
import ServicePool
import Untrusted

/// What the replicas of all services do, as a table. Rates are those since the table before.
actor ReplicaActivityList {
    private struct Sample {
        var time: ContinuousClock.Instant
        var calls: Int
        var processorTime: Double?
    }

    private let directory: RunDirectory
    /// The last sample of each process, by its socket.
    private var samples: [String: Sample] = [:]

    init(_ directory: RunDirectory) {
        self.directory = directory
    }

    /// - Throws: `unavailable` if no service is running.
    func table() async throws -> TextTable {
        var table = TextTable(
            "SERVICE", "INSTANCE", "STATUS", "CALLS", "PER S", "FAILED", "METHOD", "P50", "P99", "QUEUE", "CPU", "MB")
        for (service, instance) in try ReplicaList.replicas(in: directory) {
            table.rows.append(await row(service, instance))
        }
        return table
    }

    private func row(_ service: String, _ instance: String) async -> [String] {
        do {
            let connection = try await directory.connect(to: service, instance: instance, timeout: .zero)
            let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(2))
            let stats = try await connection.call(ServiceStats.method, NoParams(), timeout: .seconds(2))
            await connection.close()
            return row(health, stats)
        } catch {
            let reason = "dead: \(ServiceError(wrapping: error).message)"
            return [service, instance, reason] + Array(repeating: "-", count: 9)
        }
    }

    private func row(_ health: ServiceHealth, _ stats: ServiceStats) -> [String] {
        let own = stats.methods.filter { !$0.key.hasPrefix(SystemMethod.prefix) }
        let calls = own.values.reduce(0) { $0 + $1.calls }
        let key = "\(health.service)/\(health.instance)/\(health.pid ?? 0)"
        let sample = Sample(time: .now, calls: calls, processorTime: stats.processorTime)
        let last = samples.updateValue(sample, forKey: key)
        let seconds = last.map { (sample.time - $0.time) / .seconds(1) } ?? 0
        var rate = "-"
        var processor = "-"
        if let last, seconds > 0 {
            rate = Formatting.decimal(Double(calls - last.calls) / seconds, places: 1)
            if let now = sample.processorTime, let before = last.processorTime {
                processor = "\(Int(clamping: ((now - before) / seconds * 100).rounded())) %"
            }
        }
        let busiest = own.max { ($0.value.calls, $1.key) < ($1.value.calls, $0.key) }
        return [
            health.service, health.instance, health.problem ?? health.status.rawValue,
            "\(health.inFlight)/\(health.capacity)", rate, Self.failures(own.values.map(\.errors)),
            busiest?.key ?? "-", Self.latency(busiest?.value.p50), Self.latency(busiest?.value.p99),
            Self.queue(stats), processor, "\(stats.residentBytes / 1_048_576)",
        ]
    }

    /// The failed calls of all methods by kind: `busy 3, timeout 1`.
    private static func failures(_ errors: [[String: Int]]) -> String {
        let kinds = errors.reduce(into: [String: Int]()) { $0.merge($1) { $0 + $1 } }
        return kinds.isEmpty
            ? "-" : kinds.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    }

    private static func latency(_ seconds: Double?) -> String {
        seconds.map { $0 < 1 ? Formatting.milliseconds($0) : Formatting.seconds($0) } ?? "-"
    }

    /// The jobs that wait, of the orchestrator.
    private static func queue(_ stats: ServiceStats) -> String {
        if case .integer(let count)? = stats.details?["jobs"]?["queued"] { "\(count)" } else { "-" }
    }
}
