// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Calls
import Contracts
import JSONRPC
import ServiceKit
import Untrusted

/// The option `--timeout` of commands that call a running service and print the result.
struct TimeLimit: ParsableArguments {
    @Option(help: ArgumentHelp("Seconds to wait for the result.", valueName: "s"))
    var timeout = 30.0

    /// The option as a duration.
    var duration: Duration { .clamping(seconds: timeout) }

    /// Calls a method of a running service; of the orchestrator if the method names no service.
    ///
    /// - Throws: `timeout` if there is no result within the limit.
    func call<P, R>(_ method: Method<P, R>, _ params: P) async throws -> R {
        let connection = try await ReplicaConnection.connect(
            method.service ?? .orchestrator, in: try ServiceSettings().runDirectory, timeout: duration)
        return try await connection.call(method, params, timeout: duration)
    }

    func validate() throws {
        guard timeout.isFinite, (0.01...86_400).contains(timeout) else {
            throw ValidationError("--timeout: expected 0.01 to 86400 seconds")
        }
    }
}
