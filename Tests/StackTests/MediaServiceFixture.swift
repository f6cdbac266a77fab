// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// One media service as a process of its own, with a store of files that a script has made.
struct MediaServiceFixture {
    let stack: LiveStack
    let service: Program
    let connection: RPCConnection
    /// The names of the files in the store, sorted.
    let names: [String]

    func path(_ name: String) -> String { "\(stack.store)/\(name)" }

    func uri(_ name: String) -> JSONValue { .string("file://\(path(name))") }

    /// Calls a method of the service.
    ///
    /// - Returns: The error reply; `nil` if the call succeeds.
    func refusal(_ method: String, _ params: JSONValue) async throws -> ServiceError? {
        do {
            _ = try await connection.call(method, params: params)
            return nil
        } catch let error as ServiceError {
            return error
        }
    }

    /// The largest resident memory of the service until now. Megabytes.
    func peakMemory() throws -> Int { try ProcessStatistics.peakMemory(of: Int(service.identifier)) / 1_048_576 }

    /// Runs `body` with one service, checks that the service still serves, and stops it.
    ///
    /// - Parameters:
    ///   - service: `clipper` or `stitcher`.
    ///   - script: The file of the folder `Hostile` that makes the store's files.
    static func with(
        _ service: String, script: String, _ body: (MediaServiceFixture) async throws -> Void
    ) async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        try await FileManager.default.copyItem(
            atPath: ScriptedFiles.shared.folder(of: script), toPath: stack.store)
        let program = try await Program(service, environment: stack.environment)
        do {
            try await until("\(service) serves") { stack.runDirectory.instances(of: service) == ["one"] }
            let connection = try await RPCConnection.connect(
                to: try stack.runDirectory.socketPath(service: service, instance: "one"), timeout: .seconds(20))
            let names = try FileManager.default.contentsOfDirectory(atPath: stack.store).sorted()
            try await body(MediaServiceFixture(stack: stack, service: program, connection: connection, names: names))
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        } catch {
            program.signal(SIGKILL)
            _ = await program.waitUntilExit()
            throw error
        }
        program.signal(SIGTERM)
        #expect(await program.waitUntilExit().status == 0)
    }
}

/// The files that the scripts of the folder `Hostile` make: each script runs once per process.
private actor ScriptedFiles {
    static let shared = ScriptedFiles()

    private var runs: [String: Task<String, any Error>] = [:]

    /// The folder with the files of a script. The files are copied before they are used.
    func folder(of script: String) async throws -> String {
        let run =
            runs[script]
            ?? Task {
                let folder = TemporaryPath.new("scripted")
                let made = try await Program.run(
                    "/usr/bin/python3", [Bundle.module.bundlePath + "/Hostile/\(script)", folder])
                try #require(made.status == 0, "\(made.errors)")
                return folder
            }
        runs[script] = run
        return try await run.value
    }
}
