// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import JSONRPC
import ServiceKit

/// One call to one service: to a running replica, or to a temporary one.
enum SingleCall {
    /// Calls a method.
    ///
    /// - Parameter method: a method that names its service.
    /// - Throws: `internal` for a method without a service; what the call throws.
    static func call<P, R>(_ method: Method<P, R>, _ params: P) async throws -> R {
        guard let service = method.service else {
            throw ServiceError(.internal, "\(method.name) exists on every service: name the service to call")
        }
        let settings = try ServiceSettings()
        if let connection = try await ReplicaConnection.connectIfRunning(service, in: settings.runDirectory) {
            return try await connection.call(method, params)
        }
        var environment = settings.environment
        environment["UNDERSTUDY_STORE"] = environment["UNDERSTUDY_STORE"] ?? settings.store
        let others = Set(Stack.services).subtracting([service.rawValue])
        return try await TemporaryStack.with(environment, without: others) { stack in
            let connection = try await stack.connect(service)
            let result = try await connection.call(method, params)
            await connection.close()
            return result
        }
    }
}
