// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import Glibc
import JSON
import JSONRPC
import Logging

/// Implements the system methods that are not part of the connection's protocol; `SystemMethod` lists all of them.
struct SystemMethods: Sendable {
    let context: ServiceContext
    let about: String
    let callTracker: CallTracker
    let storeMonitor: StoreHealthMonitor
    let logLevel: LogLevel
    let started: ContinuousClock.Instant

    /// The handlers of the system methods for an application.
    func handlers(for application: ServiceApplication) -> [MethodHandler] {
        let names = application.methods.map(\.name).sorted()
        let details = application.details
        let handlers = [
            MethodHandler(ServiceHealth.method) { _ in health(application.layout) },
            MethodHandler(ServiceStats.method) { _ in try await stats(details) },
            MethodHandler(ServiceMetrics.method) { _ in ServiceMetrics(text: metrics(of: names)) },
            MethodHandler(LogLevelState.method) { request in setLogLevel(request) },
        ]
        let document = document(of: application.methods + handlers)
        return handlers + [MethodHandler(SystemMethod.discovery) { _ in document }]
    }

    private var uptime: Double { started.duration(to: .now) / .seconds(1) }

    private func health(_ layout: ServiceLayout?) -> ServiceHealth {
        ServiceHealth(
            service: context.service, instance: context.instance, status: callTracker.status, version: context.version,
            uptime: uptime, inFlight: callTracker.slotsInUse, capacity: callTracker.capacity, pid: Int(getpid()),
            store: context.settings.store, layout: layout, problem: storeMonitor.problem)
    }

    private func stats(
        _ details: (@Sendable () async throws -> any Encodable & Sendable)?
    ) async throws -> ServiceStats {
        let reported = try await details?()
        let details = try reported.map { try JSONCoding.convert($0, to: JSONValue.self) }?.object ?? [:]
        let dropped = LogOutput.standardError.dropped
        let called = callTracker.methods.filter { $0.value.calls > 0 }
        return ServiceStats(
            service: context.service, instance: context.instance, uptime: uptime, inFlight: callTracker.slotsInUse,
            residentBytes: Self.residentBytes, processorTime: Self.processorTime,
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

    /// The metrics page.
    ///
    /// - Parameter names: the service's own methods; methods without calls get zeros.
    private func metrics(of names: [String]) -> String {
        var page = PrometheusPage(labels: [("service", context.service), ("instance", context.instance)])
        page.add(callTracker.methods, of: names)
        page.add("uptime_seconds", .gauge, "Seconds since the process started.", [.init(uptime)])
        page.add("slots", .gauge, "Capacity for calls of methods with load work.", [.init(callTracker.capacity)])
        page.add("slots_in_use", .gauge, "Calls of methods with load work in flight.", [.init(callTracker.slotsInUse)])
        page.add(
            "cpu_seconds_total", .counter, "Processor time of the process.", [.init(Self.processorTime ?? 0)])
        page.add("resident_memory_bytes", .gauge, "Resident memory of the process.", [.init(Self.residentBytes)])
        page.add(
            "dropped_log_lines_total", .counter, "Log lines dropped because standard error was not read.",
            [.init(Double(LogOutput.standardError.dropped))])
        return page.text
    }

    private func setLogLevel(_ request: SetLogLevel) -> LogLevelState {
        if let level = request.level, level != logLevel.current {
            logLevel.current = level
            context.logger.notice("log level set", metadata: ["level": "\(level)"])
        }
        return LogLevelState(level: logLevel.current)
    }

    /// The OpenRPC 1.3 document of methods.
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
                "x-idempotent": .bool(handler.isIdempotent), "x-load": .string(handler.load.rawValue),
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

    /// An OpenRPC content descriptor. The description moves from the schema to the descriptor.
    private static func parameter(_ name: String, _ schema: JSONValue, isRequired: Bool) -> JSONValue {
        var own = schema.object ?? [:]
        var descriptor: [String: JSONValue] = ["name": .string(name), "required": .bool(isRequired)]
        descriptor["description"] = own.removeValue(forKey: "description")
        descriptor["schema"] = .object(own)
        return .object(descriptor)
    }

    /// The processor time of this process, that of the kernel for it included. Seconds.
    private static var processorTime: Double? {
        var usage = rusage()
        guard getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage) == 0 else { return nil }
        return [usage.ru_utime, usage.ru_stime].reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }

    private static var residentBytes: Int {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}
