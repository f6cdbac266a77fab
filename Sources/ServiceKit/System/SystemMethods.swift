import Calls
import Faults
import FoundationEssentials
import Glibc
import JSON
import JSONRPC
import Logging

/// Answers the system methods that are calls of their own; `SystemMethod` lists them.
struct SystemMethods: Sendable {
    let context: ServiceContext
    let about: String
    let ledger: CallLedger
    let store: StoreWatch
    let logLevel: LogLevel
    let started: ContinuousClock.Instant

    /// The system methods of a service that has these methods of its own.
    func handlers(beside application: ServiceApplication) -> [MethodHandler] {
        let names = application.methods.map(\.name).sorted()
        let details = application.details
        let handlers = [
            MethodHandler(ServiceHealth.method) { _ in health(application.layout) },
            MethodHandler(ServiceStats.method) { _ in try await stats(details) },
            MethodHandler(ServiceMetrics.method) { _ in ServiceMetrics(text: metrics(of: names)) },
            MethodHandler(LogLevelState.method) { request in set(request) },
        ]
        let document = document(of: application.methods + handlers)
        return handlers + [MethodHandler(SystemMethod.discovery) { _ in document }]
    }

    private var uptime: Double { started.duration(to: .now) / .seconds(1) }

    private func health(_ layout: ServiceLayout?) -> ServiceHealth {
        ServiceHealth(
            service: context.service, instance: context.instance, status: ledger.status, version: context.version,
            uptime: uptime, inFlight: ledger.slotsInUse, capacity: ledger.capacity, pid: Int(getpid()),
            store: context.settings.store, layout: layout, problem: store.problem)
    }

    private func stats(
        _ details: (@Sendable () async throws -> any Encodable & Sendable)?
    ) async throws -> ServiceStats {
        let reported = try await details?()
        let details = try reported.map { try JSONCoding.convert($0, to: JSONValue.self) }?.object ?? [:]
        let dropped = LogOutput.standardError.dropped
        let called = ledger.methods.filter { $0.value.calls > 0 }
        return ServiceStats(
            service: context.service, instance: context.instance, uptime: uptime, inFlight: ledger.slotsInUse,
            residentBytes: Self.residentBytes,
            methods: called.mapValues { count in
                ServiceStats.MethodStats(
                    calls: Int(count.calls),
                    errors: Dictionary(
                        uniqueKeysWithValues: count.failures.map { ($0.key.rawValue, Int($0.value)) }),
                    p50: count.latency.quantile(0.5), p95: count.latency.quantile(0.95),
                    p99: count.latency.quantile(0.99))
            },
            droppedLogLines: dropped > 0 ? Int(clamping: dropped) : nil, details: details.isEmpty ? nil : details)
    }

    /// - Parameter names: the service's methods; one that was never called has zeros.
    private func metrics(of names: [String]) -> String {
        var page = PrometheusPage(labels: [("service", context.service), ("instance", context.instance)])
        page.add(ledger.methods, of: names)
        page.add("uptime_seconds", .gauge, "Seconds since the process began to serve.", [.init(uptime)])
        page.add("slots", .gauge, "Calls of methods that are work that may run at a time.", [.init(ledger.capacity)])
        page.add("slots_in_use", .gauge, "Calls of methods that are work that run.", [.init(ledger.slotsInUse)])
        page.add("resident_memory_bytes", .gauge, "Memory in use by the process.", [.init(Self.residentBytes)])
        page.add(
            "dropped_log_lines_total", .counter, "Log lines that were dropped because standard error was not read.",
            [.init(Double(LogOutput.standardError.dropped))])
        return page.text
    }

    private func set(_ request: SetLogLevel) -> LogLevelState {
        if let level = request.level, level != logLevel.current {
            logLevel.current = level
            context.logger.notice("log level set", metadata: ["level": "\(level)"])
        }
        return LogLevelState(level: logLevel.current)
    }

    /// OpenRPC 1.3 of these methods.
    private func document(of handlers: [MethodHandler]) -> JSONValue {
        let methods = handlers.sorted { $0.name < $1.name }.map { handler -> JSONValue in
            let properties = handler.params["properties"]?.object ?? [:]
            let required = Set((handler.params["required"]?.array ?? []).compactMap(\.string))
            let params = properties.sorted { $0.key < $1.key }.map { name, schema in
                Self.parameter(name, schema, isRequired: required.contains(name))
            }
            return [
                "name": .string(handler.name), "summary": .string(handler.summary), "paramStructure": "by-name",
                "params": .array(params), "result": ["name": "result", "schema": handler.result],
                "x-idempotent": .bool(handler.idempotent), "x-load": .string(handler.load.rawValue),
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
