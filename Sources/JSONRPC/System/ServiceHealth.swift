// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// The result of `rpc.health`.
package struct ServiceHealth: Codable, Sendable {
    /// The phase of a replica's life.
    package enum Status: String, Codable, Sendable, CaseIterable {
        case starting, serving, draining
    }

    /// The service's name.
    package var service: String
    /// The replica's name.
    package var instance: String
    /// The phase of the replica's life.
    package var status: Status
    /// The version of the program.
    package var version: String
    /// The seconds since the process started.
    package var uptime: Double
    /// The number of calls that occupy a slot.
    package var inFlight: Int
    /// The number of slots.
    package var capacity: Int
    /// The process id, for debugging.
    package var pid: Int?
    /// The URI of the artifact store.
    package var store: String?
    /// Where the files of jobs are; only the orchestrator reports it.
    package var layout: ServiceLayout?
    /// Why the replica cannot do its work although it serves, and what to do; absent if it is healthy.
    package var problem: String?

    /// Creates a report.
    package init(
        service: String, instance: String, status: Status, version: String, uptime: Double, inFlight: Int,
        capacity: Int, pid: Int?, store: String?, layout: ServiceLayout? = nil, problem: String? = nil
    ) {
        self.service = service
        self.instance = instance
        self.status = status
        self.version = version
        self.uptime = uptime
        self.inFlight = inFlight
        self.capacity = capacity
        self.pid = pid
        self.store = store
        self.layout = layout
        self.problem = problem
    }

    /// Decodes a report. Numbers are clamped, since any process can serve a socket.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        service = try container.decode(String.self, forKey: .service)
        instance = try container.decode(String.self, forKey: .instance)
        status = try container.decode(Status.self, forKey: .status)
        version = try container.decode(String.self, forKey: .version)
        uptime = try container.decode(Double.self, forKey: .uptime).clamped(to: 0...Self.longestUptime)
        inFlight = max(try container.decode(Int.self, forKey: .inFlight), 0)
        capacity = max(try container.decode(Int.self, forKey: .capacity), 0)
        pid = try container.decodeIfPresent(Int.self, forKey: .pid)
        store = try container.decodeIfPresent(String.self, forKey: .store)
        layout = try container.decodeIfPresent(ServiceLayout.self, forKey: .layout)
        problem = try container.decodeIfPresent(String.self, forKey: .problem)
    }

    /// A hundred years, in seconds.
    private static let longestUptime = 3_155_760_000.0

    private enum CodingKeys: String, CodingKey {
        case service, instance, status, version, capacity, pid, store, layout, problem
        case uptime = "uptime_s"
        case inFlight = "in_flight"
    }
}
