import Foundation
import JSONRPC
import ServiceKit
import ServicePool

/// One call to one service: to a replica that runs, or to one that is started for it.
enum OneService {
    static func call<P: Encodable & Sendable, R: Decodable & Sendable>(
        _ service: String, _ method: Method<P, R>, _ params: P
    ) async throws -> R {
        let settings = try ServiceSettings()
        if let connection = try? await Callee.connect(service, in: settings.runDirectory) {
            return try await connection.call(method, params)
        }
        let folder = "/tmp/understudy-\(String(UInt32.random(in: 0...UInt32.max), radix: 36))"
        let runDirectory = RunDirectory(path: folder)
        try runDirectory.prepare()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var environment = settings.environment
        environment["UNDERSTUDY_STATE_DIR"] = "\(folder)/state"
        environment["UNDERSTUDY_STORE"] = environment["UNDERSTUDY_STORE"] ?? settings.store
        let stack = Stack(
            runDirectory: runDirectory, without: Set(Stack.services).subtracting([service]), environment: environment,
            log: .file("\(folder)/log"))
        do {
            try await stack.start()
            let connection = try await Callee.connect(service, in: runDirectory)
            let result = try await connection.call(method, params)
            await connection.close()
            await stack.stop()
            return result
        } catch {
            await stack.stop()
            throw error
        }
    }
}
