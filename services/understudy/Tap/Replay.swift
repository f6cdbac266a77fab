// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSON
import JSONRPC
import ServicePool
import Untrusted

/// The calls of a recording, which a service can make again.
struct Replay: Sendable {
    private let calls: [RecordedCall]
    private let connection: RPCConnection

    /// Connects to a service and checks that it has all methods, and that all are idempotent.
    ///
    /// - Throws: `invalid_params` with the line of the first call that cannot be repeated.
    static func prepare(_ calls: [RecordedCall], service: String, in directory: RunDirectory) async throws -> Replay {
        let connection = try await ReplicaConnection.connect(ServiceName(rawValue: service), in: directory)
        let description = try await connection.call(SystemMethod.discover.rawValue, params: [:])
        var isIdempotent: [String: Bool] = [:]
        for method in description["methods"]?.array ?? [] {
            if let name = method["name"]?.string { isIdempotent[name] = method["x-idempotent"] == true }
        }
        for call in calls {
            let method = call.method.bounded(to: TextBound.quotation)
            switch isIdempotent[call.method] {
            case true?: break
            case false?:
                throw ServiceError(
                    .invalidParams,
                    "line \(call.line): \(method) is not idempotent: a second call would do its work again. Nothing was called; "
                        + "choose other calls with --method or --job")
            case nil:
                throw ServiceError(
                    .invalidParams, "line \(call.line): \(service) has no method \(method). Nothing was called")
            }
        }
        return Replay(calls: calls, connection: connection)
    }

    /// Makes the calls and prints how each ended.
    ///
    /// - Returns: the number of calls that failed, and did not fail when they were recorded.
    func run() async throws -> Int {
        var failures = 0
        for call in calls {
            let start = ContinuousClock.now
            var outcome: String
            do {
                let result = try await connection.call(call.method, params: call.params)
                outcome = call.result.map { $0 == result ? "same result" : "another result" } ?? "result"
            } catch let error as any ServiceErrorConvertible {
                let error = error.serviceError
                if call.error == nil { failures += 1 }
                let isSame = call.error == error.kind.rawValue
                outcome = "\(isSame ? "same error" : "error") \(error.kind.rawValue): \(error.message)"
            }
            let recorded = call.duration.map { ", recorded \(Formatting.milliseconds($0))" } ?? ""
            let duration = Formatting.milliseconds((ContinuousClock.now - start) / .seconds(1))
            Terminal.print(
                "line \(call.line) \(call.method.printable()) \(duration)\(recorded), \(outcome.printable())")
        }
        await connection.close()
        return failures
    }
}
