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
            MethodHandler(HostScene.echo) { request in
                guard request.text != "fail" else { throw ServiceError(.conflict, "as asked") }
                return request
            }
        ])
        application.details = { Details() }
        return application
    }

    @Test("rpc.stats tells calls, errors and times below a millisecond, and what only the service knows")
    func stats() async throws {
        try await HostScene.with(application) { scene in
            let connection = try await scene.connect()
            for _ in 0..<50 { _ = try await connection.call(HostScene.echo, .init(text: "a")) }
            await #expect(throws: ServiceError.self) {
                _ = try await connection.call(HostScene.echo, .init(text: "fail"))
            }
            let stats = try await connection.call(ServiceStats.method, NoParams())
            #expect(stats.details == ["films": 3])
            #expect(stats.methods.keys.sorted() == ["fake.echo"])
            let echo = try #require(stats.methods["fake.echo"])
            #expect(echo.calls == 51 && echo.errors == ["conflict": 1])
            let (half, most) = (try #require(echo.p50), try #require(echo.p99))
            // Whole milliseconds would be 0, or 0.001 and more.
            #expect(half > 0 && half <= most)
            #expect((half * 1000).rounded() / 1000 != half)
        }
    }

    @Test("a system method starts no trace, but is in its caller's; a method of the service starts one")
    func traces() async throws {
        let seen = Mutex<[TraceContext?]>([])
        let note = { @Sendable in seen.withLock { $0.append(CallContext.current.trace) } }
        var application = ServiceApplication(methods: [
            MethodHandler(HostScene.echo) { request in
                note()
                return request
            }
        ])
        application.details = {
            note()
            return Details()
        }
        try await HostScene.with(application) { scene in
            let connection = try await scene.connect()
            let id = "0af7651916cd43dd8448eb211c80319c"
            let traced: JSONValue = ["_meta": ["traceparent": .string("00-\(id)-b7ad6b7169203331-01")]]
            _ = try await connection.call("rpc.stats", params: [:])
            _ = try await connection.call("rpc.stats", params: traced)
            _ = try await connection.call(HostScene.echo, .init(text: "a"))
            _ = try await connection.call(HostScene.echo, .init(text: "a"))
            let traces = seen.withLock { $0 }
            #expect(traces.count == 4)
            #expect(traces[0] == nil && traces[1]?.traceID == id)
            #expect(traces[2] != nil && traces[3] != nil && traces[2]?.traceID != traces[3]?.traceID)
        }
    }

    @Test("rpc.metrics tells the same to Prometheus, also of methods that were not called")
    func metrics() async throws {
        try await HostScene.with(application) { scene in
            let connection = try await scene.connect()
            let before = try await connection.call(ServiceMetrics.method, NoParams()).text
            let name = #"understudy_method_calls_total{service="fake",instance="one",method="fake.echo"}"#
            #expect(before.contains("\(name) 0\n"))
            for _ in 0..<3 { _ = try await connection.call(HostScene.echo, .init(text: "a")) }
            let after = try await connection.call(ServiceMetrics.method, NoParams()).text
            #expect(after.contains("\(name) 3\n"))
            #expect(after.contains("# TYPE understudy_method_duration_seconds histogram\n"))
            #expect(after.contains(#"understudy_slots{service="fake",instance="one"} 1"#))
        }
    }

    @Test("rpc.loglevel reads and sets the level of the process, and refuses what is no level")
    func logLevel() async throws {
        let level = LogLevel(.info)
        try await HostScene.with(application, logLevel: level) { scene in
            let connection = try await scene.connect()
            #expect(try await connection.call(LogLevelState.method, SetLogLevel()).level == .info)
            #expect(try await connection.call(LogLevelState.method, SetLogLevel(level: .debug)).level == .debug)
            #expect(level.current == .debug)
            for odd: JSONValue in ["loud", "DEBUG", 3, "", [:]] {
                let error = await #expect(throws: ServiceError.self) {
                    try await connection.call("rpc.loglevel", params: ["level": odd])
                }
                #expect(error?.kind == .invalidParams, "\(odd)")
            }
            #expect(try await connection.call("rpc.loglevel", params: ["level": .null]) == ["level": "debug"])
            #expect(level.current == .debug)
        }
    }

    @Test("rpc.discover describes all methods but itself")
    func discover() async throws {
        try await HostScene.with(application) { scene in
            let document = try await scene.connect().call(SystemMethod.discovery, NoParams())
            let names = document["methods"]?.array?.compactMap { $0["name"]?.string }
            #expect(names == ["fake.echo", "rpc.health", "rpc.loglevel", "rpc.metrics", "rpc.stats"])
            let loglevel = document["methods"]?.array?.first { $0["name"] == "rpc.loglevel" }
            #expect(
                loglevel?["params"]?.array?.first?["schema"]?["enum"]
                    == ["trace", "debug", "info", "notice", "warning", "error", "critical"])
        }
    }
}
