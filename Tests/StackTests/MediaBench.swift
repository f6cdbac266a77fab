import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import Testing

/// One media service as an executable of its own, beside a folder of files that a script made in its store.
struct MediaBench {
    let stack: LiveStack
    let service: Program
    let connection: RPCConnection
    /// The files of the store, sorted.
    let names: [String]

    func path(_ name: String) -> String { "\(stack.store)/\(name)" }

    func uri(_ name: String) -> JSONValue { .string("file://\(path(name))") }

    /// - Returns: what the call was refused with; `nil` where it succeeded.
    func refusal(_ method: String, _ params: JSONValue) async throws -> ServiceError? {
        do {
            _ = try await connection.call(method, params: params)
            return nil
        } catch let error as ServiceError {
            return error
        }
    }

    /// Megabytes that the service took at most.
    func peak() throws -> Int {
        let text = try String(contentsOfFile: "/proc/\(service.identifier)/status", encoding: .utf8)
        let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? .max) / 1024
    }

    /// Runs `body` on one service, which must still serve at the end, and stops it.
    ///
    /// - Parameters:
    ///   - service: `clipper` or `stitcher`.
    ///   - script: of the folder `Hostile`, called with the store.
    static func with(_ service: String, script: String, _ body: (MediaBench) async throws -> Void) async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let made = try await Program.run(
            "/usr/bin/python3", [Bundle.module.bundlePath + "/Hostile/\(script)", stack.store])
        try #require(made.status == 0, "\(made.errors)")
        let program = try await Program(service, environment: stack.environment)
        try #require(await Program.comes { stack.run.instances(of: service) == ["one"] })
        let connection = try await RPCConnection.connect(
            to: try stack.run.socketPath(service: service, instance: "one"), patience: .seconds(20))
        let names = try FileManager.default.contentsOfDirectory(atPath: stack.store).sorted()
        do {
            try await body(MediaBench(stack: stack, service: program, connection: connection, names: names))
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        } catch {
            program.signal(SIGKILL)
            _ = await program.ended()
            throw error
        }
        program.signal(SIGTERM)
        #expect(await program.ended().status == 0)
    }
}
