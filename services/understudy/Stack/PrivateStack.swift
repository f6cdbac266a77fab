import Calls
import Faults
import FoundationEssentials
import JSONRPC
import ServicePool

/// A stack without the page in a folder of its own below `/tmp`, for as long as a body runs. It never meets the services of a run directory that
/// is in use.
struct PrivateStack: Sendable {
    let stack: Stack
    /// Everything of the stack; gone with it.
    let folder: String

    /// Starts the services, runs `body`, and stops the services, however it ends.
    ///
    /// - Parameters:
    ///   - environment: what the services get; their run and state directories are the stack's own.
    ///   - without: services that are not started.
    ///   - log: where the services' log goes; a file in the folder if absent.
    /// - Throws: `timeout` that names the log where a service does not begin to serve; what `body` throws.
    static func with<T: Sendable>(
        _ environment: [String: String], without: Set<String> = [], log: String? = nil,
        _ body: (PrivateStack) async throws -> T
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
            let result = try await body(PrivateStack(stack: stack, folder: folder))
            await stack.stop()
            return result
        } catch {
            await stack.stop()
            throw error
        }
    }

    /// A connection to one of the stack's services.
    func connect(_ service: ServiceName) async throws -> RPCConnection {
        try await Callee.connect(service, in: stack.runDirectory)
    }
}
