// SPDX-License-Identifier: Apache-2.0

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
        let method = MethodHandler(HostFixture.echo) { request in
            logger.info("within the call", metadata: ["text": "\(request.text)"])
            if request.text == "fail" { throw ServiceError(.conflict, "requested") }
            if request.text == "explicit" { logger.info("explicit job", metadata: ["job": "mine"]) }
            return request
        }
        try await HostFixture.with(ServiceApplication(methods: [method]), logLevel: level, logger: logger) { host in
            try await body(try await host.connect())
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

    @Test
    func `every line logged during a call has its job and trace, including the final one`() async throws {
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

    @Test
    func `a call without a trace gets a new one and no job; explicit metadata take precedence`() async throws {
        let lines = try await lines { connection in
            for text in ["a", "b", "explicit"] {
                _ = try await connection.call("fake.echo", params: ["text": .string(text)])
            }
        }
        let traces = lines.filter { $0.contains("answered") }.compactMap { $0.split(separator: " trace=").last }
        #expect(traces.count == 3 && Set(traces).count == 3 && traces.allSatisfy { $0.count == 32 })
        #expect(lines.filter { $0.contains(" job=") }.map { $0.contains("explicit job job=mine ") } == [true])
    }

    @Test
    func `unknown method names are neither counted nor logged`() async throws {
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
