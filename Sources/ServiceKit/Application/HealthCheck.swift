import Calls
import Faults
import JSONRPC
import ServicePool
import Untrusted

/// `--healthcheck`: whether this replica serves, asked on its own socket; for a container's engine, which needs no shell for it.
enum HealthCheck {
    /// Seconds that the replica has for its answer.
    private static let patience = 3

    /// -> the exit status: 0 while the replica serves, else 1 after a line that says why not.
    static func run(_ service: String) async -> Int32 {
        do {
            let settings = try ServiceSettings()
            let connection = try await settings.runDirectory.connect(
                to: service, instance: settings.instance, patience: .zero)
            let health = try await connection.call(
                ServiceHealth.method, NoParams(), timeout: .seconds(Self.patience))
            await connection.close()
            FileHandleOutput.output("\(service)/\(settings.instance.printable()): \(health.status.rawValue)\n")
            if let problem = health.problem { FileHandleOutput.error("\(service): \(problem.printable())\n") }
            return health.status == .serving && health.problem == nil ? 0 : 1
        } catch {
            let message = ServiceError(wrapping: error).message.printable()
            FileHandleOutput.error("\(service): not serving: \(message)\n")
            return 1
        }
    }
}
