// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Logging
import ServiceKit
import ServicePool

/// A stand-in for `imagegen` in the drill's run directory that fails every request for a still.
final class FailingImageProvider: Dispatcher {
    /// The error message of every request.
    static let message = "503 Service Unavailable: the image model is overloaded"

    private static let instance = "failing"

    /// Serves in place of `imagegen` while `body` runs.
    ///
    /// - Returns: what `body` returns.
    /// - Throws: `unavailable` if the socket cannot be created; what `body` throws.
    static func with<T: Sendable>(in directory: RunDirectory, _ body: () async throws -> T) async throws -> T {
        let publication = try SocketPublication(service: "imagegen", instance: instance, in: directory)
        let server = try await RPCServer.listen(
            path: publication.bindPath, dispatcher: FailingImageProvider(), peers: PeerPolicy(),
            logger: Logger(label: "drill") { _ in SwiftLogNoOpLogHandler() })
        do {
            try publication.publish()
            let result = try await body()
            publication.withdraw()
            await server.close()
            return result
        } catch {
            publication.withdraw()
            await server.close()
            throw error
        }
    }

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        guard call.method == ServiceHealth.method.name else {
            throw ServiceError(.unavailable, Self.message, provider: "acme-images")
        }
        let health = ServiceHealth(
            service: "imagegen", instance: Self.instance, status: .serving, version: ServiceSettings.version, uptime: 0,
            inFlight: 0, capacity: 2, pid: nil, store: nil)
        do {
            return try JSONCoding.encode(health)
        } catch {
            throw ServiceError(wrapping: error)
        }
    }
}
