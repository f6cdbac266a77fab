// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSON
import JSONRPC
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct SystemMethodsTests {
    private struct Details: Encodable, Sendable {
        var films = 3
    }

    private var application: ServiceApplication {
        var application = ServiceApplication(methods: [
            MethodHandler(HostFixture.echo) { request in
                guard request.text != "fail" else { throw ServiceError(.conflict, "requested") }
                return request
            }
        ])
        application.details = { Details() }
        return application
    }

    @Test
    func `rpc.stats reports calls, errors, latencies below a millisecond, and service-specific details`() async throws {
        try await HostFixture.with(application) { host in
            let connection = try await host.connect()
            for _ in 0..<50 { _ = try await connection.call(HostFixture.echo, .init(text: "a")) }
            await #expect(throws: ServiceError.self) {
                _ = try await connection.call(HostFixture.echo, .init(text: "fail"))
            }
            let stats = try await connection.call(ServiceStats.method, NoParams())
            #expect(stats.details == ["films": 3])
            #expect(stats.methods.keys.sorted() == ["fake.echo"])
            let echo = try #require(stats.methods["fake.echo"])
            #expect(echo.calls == 51 && echo.errors == ["conflict": 1])
            let (median, p99) = (try #require(echo.p50), try #require(echo.p99))
            // A latency rounded to milliseconds would be a multiple of 0.001.
            #expect(median > 0 && median <= p99)
            #expect((median * 1000).rounded() / 1000 != median)
        }
    }

    @Test
    func `a system method joins its caller's trace but starts none; a service's own method starts one`() async throws {
        let seen = Mutex<[TraceContext?]>([])
        let record = { @Sendable in seen.withLock { $0.append(CallContext.current.trace) } }
        var application = ServiceApplication(methods: [
            MethodHandler(HostFixture.echo) { request in
                record()
                return request
            }
        ])
        application.details = {
            record()
            return Details()
        }
        try await HostFixture.with(application) { host in
            let connection = try await host.connect()
            let id = "0af7651916cd43dd8448eb211c80319c"
            let traced: JSONValue = ["_meta": ["traceparent": .string("00-\(id)-b7ad6b7169203331-01")]]
            _ = try await connection.call("rpc.stats", params: [:])
            _ = try await connection.call("rpc.stats", params: traced)
            _ = try await connection.call(HostFixture.echo, .init(text: "a"))
            _ = try await connection.call(HostFixture.echo, .init(text: "a"))
            let traces = seen.withLock { $0 }
            #expect(traces.count == 4)
            #expect(traces[0] == nil && traces[1]?.traceID == id)
            #expect(traces[2] != nil && traces[3] != nil && traces[2]?.traceID != traces[3]?.traceID)
        }
    }

    @Test
    func `rpc.metrics reports calls in Prometheus' format, including methods without calls`() async throws {
        try await HostFixture.with(application) { host in
            let connection = try await host.connect()
            let before = try await connection.call(ServiceMetrics.method, NoParams()).text
            let name = #"understudy_method_calls_total{service="fake",instance="one",method="fake.echo"}"#
            #expect(before.contains("\(name) 0\n"))
            for _ in 0..<3 { _ = try await connection.call(HostFixture.echo, .init(text: "a")) }
            let after = try await connection.call(ServiceMetrics.method, NoParams()).text
            #expect(after.contains("\(name) 3\n"))
            #expect(after.contains("# TYPE understudy_method_duration_seconds histogram\n"))
            #expect(after.contains(#"understudy_slots{service="fake",instance="one"} 1"#))
        }
    }

    @Test
    func `rpc.loglevel reads and sets the log level, and rejects invalid levels`() async throws {
        let level = LogLevel(.info)
        try await HostFixture.with(application, logLevel: level) { host in
            let connection = try await host.connect()
            #expect(try await connection.call(LogLevelState.method, SetLogLevel()).level == .info)
            #expect(try await connection.call(LogLevelState.method, SetLogLevel(level: .debug)).level == .debug)
            #expect(level.current == .debug)
            for invalid: JSONValue in ["loud", "DEBUG", 3, "", [:]] {
                let error = await #expect(throws: ServiceError.self) {
                    try await connection.call("rpc.loglevel", params: ["level": invalid])
                }
                #expect(error?.kind == .invalidParams, "\(invalid)")
            }
            #expect(try await connection.call("rpc.loglevel", params: ["level": .null]) == ["level": "debug"])
            #expect(level.current == .debug)
        }
    }

    @Test
    func `rpc.discover describes all methods except itself`() async throws {
        try await HostFixture.with(application) { host in
            let document = try await host.connect().call(SystemMethod.discovery, NoParams())
            let names = document["methods"]?.array?.compactMap { $0["name"]?.string }
            #expect(names == ["fake.echo", "rpc.health", "rpc.loglevel", "rpc.metrics", "rpc.stats"])
            let loglevel = document["methods"]?.array?.first { $0["name"] == "rpc.loglevel" }
            #expect(
                loglevel?["params"]?.array?.first?["schema"]?["enum"]
                    == ["trace", "debug", "info", "notice", "warning", "error", "critical"])
        }
    }
}
