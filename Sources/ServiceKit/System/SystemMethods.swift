import FoundationEssentials
import Glibc
import JSONRPC
import Logging
import ServicePool

/// Answers the system methods that are calls of their own; `SystemMethod` lists them.
struct SystemMethods: Sendable {
    let context: ServiceContext
    let about: String
    let ledger: CallLedger
    let store: StoreWatch
    let logLevel: LogLevel
    let started: ContinuousClock.Instant

    /// Adds the system methods to those of a service, which are complete.
    func register(in table: inout MethodTable) {
        let reports = table.reports
        let names = table.entries.keys.sorted()
        table.handle(ServiceHealth.method) { _, _ in health }
        table.handle(ServiceStats.method) { _, _ in try await stats(reports) }
        table.handle(ServiceMetrics.method) { _, _ in ServiceMetrics(text: metrics(of: names)) }
        table.handle(LogLevelState.method) { request, _ in set(request) }
        let document = document(Array(table.entries.values))
        table.handle(SystemMethod.discovery) { _, _ in document }
    }

    private var uptime: Double { started.duration(to: .now) / .seconds(1) }

    private var health: ServiceHealth {
        ServiceHealth(
            service: context.service, instance: context.instance, status: ledger.status, version: context.version,
            uptime: uptime, inFlight: ledger.slotsInUse, capacity: ledger.capacity, pid: Int(getpid()),
            store: context.settings.store, problem: store.problem)
    }

    private func stats(_ reports: [String: @Sendable () async throws -> JSONValue]) async throws -> ServiceStats {
        var details: [String: JSONValue] = [:]
        for (name, report) in reports { details[name] = try await report() }
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

    /// OpenRPC 1.3 of the methods in the table.
    private func document(_ entries: [MethodTable.Entry]) -> JSONValue {
        let methods = entries.sorted { $0.name < $1.name }.map { entry -> JSONValue in
            let properties = entry.params["properties"]?.object ?? [:]
            let required = Set((entry.params["required"]?.array ?? []).compactMap(\.string))
            let params = properties.sorted { $0.key < $1.key }.map { name, schema -> JSONValue in
                ["name": .string(name), "required": .bool(required.contains(name)), "schema": schema]
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

    private static var residentBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
