import Calls
import Faults
import Glibc
import JSON
import JSONRPC
import Logging
import ServiceLifecycle
import Testing

@testable import ServiceKit

@Suite(.timeLimit(.minutes(1))) struct CallLogTests {
    /// The lines that a service logs while `body` calls it.
    private func lines(_ body: (RPCConnection) async throws -> Void) async throws -> [String] {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        let output = LogOutput(ends[1])
        let level = LogLevel(.debug)
        let logger = Logger(label: "fake/one") { LineLogHandler(label: $0, level: level, output: output) }
        let method = MethodHandler(HostScene.echo) { request in
            logger.info("within the call", metadata: ["text": "\(request.text)"])
            if request.text == "fail" { throw ServiceError(.conflict, "as asked") }
            if request.text == "own" { logger.info("own words", metadata: ["job": "mine"]) }
            return request
        }
        try await HostScene.with(ServiceApplication(methods: [method]), logLevel: level, logger: logger) { scene in
            try await body(try await scene.connect())
        }
        output.flush(within: 10_000)
        close(ends[1])
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = read(ends[0], &part, part.count)
            guard count > 0 else { break }
            all += part[..<count]
        }
        close(ends[0])
        return String(decoding: all, as: UTF8.self).split(separator: "\n").map(String.init)
    }

    private static let id = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let meta: JSONValue = [
        "traceparent": .string("00-\(id)-00f067aa0ba902b7-01"), "job_id": "job-1",
    ]

    @Test("each line that is written while a call is handled has its job and its trace, also that of its end")
    func calls() async throws {
        let lines = try await lines { connection in
            _ = try await connection.call("fake.echo", params: ["text": "a", "_meta": Self.meta])
            _ = try? await connection.call("fake.echo", params: ["text": "fail", "_meta": Self.meta])
        }
        let marked = lines.filter { $0.contains(" job=job-1 ") && $0.hasSuffix(" trace=\(Self.id)") }
        #expect(marked.count { $0.contains("within the call") } == 2)
        #expect(marked.count { $0.contains("answered") && $0.contains("seconds=0.") } == 1)
        #expect(marked.count { $0.contains("failed") && $0.contains("kind=conflict") } == 1)
        #expect(lines.contains { $0.contains(" serving ") && !$0.contains("trace=") })
    }

    @Test("a call without a trace has one of its own, and no job; a line's own words come first")
    func plain() async throws {
        let lines = try await lines { connection in
            for text in ["a", "b", "own"] {
                _ = try await connection.call("fake.echo", params: ["text": .string(text)])
            }
        }
        let traces = lines.filter { $0.contains("answered") }.compactMap { $0.split(separator: " trace=").last }
        #expect(traces.count == 3 && Set(traces).count == 3 && traces.allSatisfy { $0.count == 32 })
        #expect(lines.filter { $0.contains(" job=") }.map { $0.contains("own words job=mine ") } == [true])
    }

    @Test("names that peers make up are neither counted nor logged")
    func unknown() async throws {
        let lines = try await lines { connection in
            for number in 0..<5 {
                let error = await #expect(throws: ServiceError.self) {
                    try await connection.call("fake.\(number)\u{1B}", params: [:])
                }
                #expect(error?.kind == .methodNotFound)
            }
            let stats = try await connection.call(ServiceStats.method, NoParams())
            #expect(stats.methods.isEmpty)
        }
        #expect(!lines.contains { $0.contains("fake.0") })
    }
}
