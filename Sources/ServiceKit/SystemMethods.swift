import FoundationEssentials
import Glibc
package import JSONRPC
import ServicePool

/// What `rpc.stats` answers.
package struct ServiceStats: Codable, Sendable {
    package struct MethodStats: Codable, Sendable {
        package var calls: Int
        /// Failed calls by kind.
        package var errors: [String: Int]
        /// Seconds.
        package var p50: Double?
        package var p95: Double?
        package var p99: Double?

        private enum CodingKeys: String, CodingKey {
            case calls, errors
            case p50 = "p50_s"
            case p95 = "p95_s"
            case p99 = "p99_s"
        }
    }

    package var service: String
    package var instance: String
    /// Seconds since the process began to serve.
    package var uptime: Double
    package var inFlight: Int
    /// Bytes of memory in use by the process.
    package var residentBytes: Int
    package var methods: [String: MethodStats]
    /// Log lines that were dropped because standard error was not read; absent while there are none.
    package var droppedLogLines: Int?
    /// What only this service knows.
    package var details: [String: JSONValue]?

    private enum CodingKeys: String, CodingKey {
        case service, instance, methods, details
        case uptime = "uptime_s"
        case inFlight = "in_flight"
        case residentBytes = "resident_bytes"
        case droppedLogLines = "dropped_log_lines"
    }

    package static let method = Method<NoParams, ServiceStats>(
        "rpc.stats", idempotent: true, load: .light, summary: "Counters and latency quantiles per method.")
}

/// The `rpc.` methods that every service has.
struct SystemMethods: Sendable {
    static let discover = Method<NoParams, JSONValue>(
        "rpc.discover", idempotent: true, load: .light, summary: "Describes this service as an OpenRPC document.")

    let context: ServiceContext
    let about: String
    let ledger: CallLedger
    let store: StoreWatch
    let started: ContinuousClock.Instant

    private var uptime: Double {
        Double(started.duration(to: .now).milliseconds) / 1000
    }

    var health: ServiceHealth {
        ServiceHealth(
            service: context.service, instance: context.instance, status: ledger.status, version: context.version,
            uptime: uptime, inFlight: ledger.slotsInUse, capacity: ledger.capacity, pid: Int(getpid()),
            store: context.settings.store, layout: context.layout, problem: store.problem)
    }

    func stats(_ reports: [String: @Sendable () async throws -> JSONValue]) async throws -> ServiceStats {
        var details: [String: JSONValue] = [:]
        for (name, report) in reports { details[name] = try await report() }
        let dropped = LogOutput.standardError.dropped
        return ServiceStats(
            service: context.service, instance: context.instance, uptime: uptime, inFlight: ledger.slotsInUse,
            residentBytes: Self.residentBytes,
            methods: ledger.methods.mapValues { count in
                ServiceStats.MethodStats(
                    calls: Int(count.calls),
                    errors: Dictionary(
                        uniqueKeysWithValues: count.failures.map { ($0.key.rawValue, Int($0.value)) }),
                    p50: count.latency.quantile(0.5), p95: count.latency.quantile(0.95),
                    p99: count.latency.quantile(0.99))
            },
            droppedLogLines: dropped > 0 ? Int(clamping: dropped) : nil, details: details.isEmpty ? nil : details)
    }

    /// OpenRPC 1.3 of the methods in the table.
    func document(_ entries: some Sequence<MethodTable.Entry>) -> JSONValue {
        let methods = entries.sorted { $0.name < $1.name }.map { entry -> JSONValue in
            let properties = entry.params["properties"]?.object ?? [:]
            let required = Set((entry.params["required"]?.array ?? []).compactMap(\.string))
            let params = properties.sorted { $0.key < $1.key }.map { name, schema in
                Self.parameter(name, schema, isRequired: required.contains(name))
            }
            return [
                "name": .string(entry.name), "summary": .string(entry.summary), "paramStructure": "by-name",
                "params": .array(params), "result": ["name": "result", "schema": entry.result],
                "x-idempotent": .bool(entry.idempotent), "x-load": .string(entry.load.rawValue),
            ]
        }
        return [
            "openrpc": "1.3.2",
            "info": [
                "title": .string(context.service), "version": .string(context.version), "description": .string(about),
            ],
            "methods": .array(methods),
        ]
    }

    /// A content descriptor of OpenRPC; the parameter's description is its own, not its schema's.
    private static func parameter(_ name: String, _ schema: JSONValue, isRequired: Bool) -> JSONValue {
        var own = schema.object ?? [:]
        var descriptor: [String: JSONValue] = ["name": .string(name), "required": .bool(isRequired)]
        descriptor["description"] = own.removeValue(forKey: "description")
        descriptor["schema"] = .object(own)
        return .object(descriptor)
    }

    private static var residentBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
