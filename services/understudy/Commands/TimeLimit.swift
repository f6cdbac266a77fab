import ArgumentParser
import Calls
import Contracts
import JSONRPC
import ServiceKit
import Untrusted

/// The option `--timeout` of commands that ask a running service and print its answer.
struct TimeLimit: ParsableArguments {
    @Option(help: ArgumentHelp("Seconds to wait for the answer.", valueName: "s"))
    var timeout = 30.0

    var duration: Duration { .clamping(seconds: timeout) }

    /// Calls a method of a service that runs; one that every service has, of the orchestrator.
    ///
    /// - Throws: `timeout` if the answer does not come within the limit.
    func ask<P, R>(_ method: Method<P, R>, _ params: P) async throws -> R {
        let connection = try await Callee.connect(
            method.service ?? .orchestrator, in: try ServiceSettings().runDirectory, within: duration)
        return try await connection.call(method, params, timeout: duration)
    }

    func validate() throws {
        guard timeout.isFinite, (0.01...86_400).contains(timeout) else {
            throw ValidationError("--timeout: expected 0.01 to 86400 seconds")
        }
    }
}
