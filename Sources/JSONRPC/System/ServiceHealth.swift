import Untrusted

/// What `rpc.health` answers.
package struct ServiceHealth: Codable, Sendable {
    package enum Status: String, Codable, Sendable, CaseIterable {
        case starting, serving, draining
    }

    package var service: String
    package var instance: String
    package var status: Status
    package var version: String
    /// Seconds since the process began to serve.
    package var uptime: Double
    /// Calls that occupy a slot.
    package var inFlight: Int
    /// Slots.
    package var capacity: Int
    /// The process's id, for the one who debugs it.
    package var pid: Int?
    /// The URI below which this replica keeps artifacts.
    package var store: String?
    /// Where jobs have their files; only the orchestrator reports it.
    package var layout: ServiceLayout?
    /// Why it cannot do its work although it serves, and what to do; absent while all is well.
    package var problem: String?

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

    /// Numbers are clamped: any process can serve a socket.
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
