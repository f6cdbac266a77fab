// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import JSONRPC
import ServicePool

/// A stack without the dashboard in a folder of its own below `/tmp`, which runs while a closure does. It does not share a run directory
/// with other stacks.
struct TemporaryStack: Sendable {
    let stack: Stack
    /// The folder of the stack's files; removed when it stops.
    let folder: String

    /// Starts the services, runs `body`, and stops the services, also if `body` throws.
    ///
    /// - Parameters:
    ///   - environment: the variables of the services, besides their run and state directories.
    ///   - without: services that are not started.
    ///   - log: the path of the services' log; a file in the stack's folder if absent.
    /// - Returns: what `body` returns.
    /// - Throws: `timeout` that names the log if a service does not become ready; what `body` throws.
    static func with<T: Sendable>(
        _ environment: [String: String], without: Set<String> = [], log: String? = nil,
        _ body: (TemporaryStack) async throws -> T
    ) async throws -> T {
        let folder = "/tmp/understudy-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
        let runDirectory = RunDirectory(path: folder)
        try runDirectory.prepare()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var environment = environment
        environment["UNDERSTUDY_STATE_DIR"] = "\(folder)/state"
        let stack = Stack(
            runDirectory: runDirectory, without: without.union(["dashboard"]), environment: environment,
            log: .file(log ?? "\(folder)/log"))
        do {
            do {
                try await stack.start()
            } catch var error as ServiceError where error.kind == .timeout {
                if let log { error.message += ": \(log)" }
                throw error
            }
            let result = try await body(TemporaryStack(stack: stack, folder: folder))
            await stack.stop()
            return result
        } catch {
            await stack.stop()
            throw error
        }
    }

    /// Connects to a service of the stack.
    func connect(_ service: ServiceName) async throws -> RPCConnection {
        try await ReplicaConnection.connect(service, in: stack.runDirectory)
    }
}
