// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import JSON
import JSONRPC
import ServiceKit
import ServicePool

/// The metrics of the stack in Prometheus' text format.
struct Metrics: Sendable {
    let pools: ServicePools
    let stack: StackRoutes
    let broadcaster: StatusBroadcaster

    /// `GET /metrics`
    func page(_ request: WebRequest) async throws -> WebResponse {
        var text = ""
        func gauge(_ name: String, _ help: String, _ values: [(labels: String, value: Double)]) {
            text += "# HELP understudy_\(name) \(help)\n# TYPE understudy_\(name) gauge\n"
            for (labels, value) in values { text += "understudy_\(name)\(labels) \(value)\n" }
        }
        gauge("watchers", "Connected WebSockets.", [("", Double(await broadcaster.count))])
        var replicas: [(String, Double)] = []
        var calls: [(String, Double)] = []
        for service in await stack.services() {
            for replica in service.replicas {
                let labels = "{service=\"\(service.service)\",instance=\"\(replica.instance)\"}"
                replicas.append((labels, replica.health?.status == .serving ? 1 : 0))
                if let health = replica.health { calls.append((labels, Double(health.inFlight))) }
            }
        }
        gauge("replica_up", "Whether a replica serves calls.", replicas)
        gauge("calls_in_flight", "Calls in flight of a replica.", calls)
        var jobs: [(String, Double)] = []
        // The orchestrator counts: the list of all jobs grows without bound.
        let stats = try await pools.call(ServiceStats.method.of(.orchestrator), NoParams())
        for state in JobState.allCases {
            let count = stats.details?["jobs"]?[state.rawValue]?.double ?? 0
            jobs.append(("{state=\"\(state.rawValue)\"}", count))
        }
        gauge("jobs", "Jobs by state.", jobs)
        return .text(text, type: "text/plain; version=0.0.4")
    }
}
