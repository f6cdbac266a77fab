import Calls
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import Logging
import ServiceKit
import ServicePool

/// An image provider that is down: takes `imagegen`'s place in a rehearsal's own run directory.
final class BrokenImages: Dispatcher {
    /// What it answers to every request for a picture.
    static let words = "503 Service Unavailable: the image model is overloaded"

    private static let instance = "broken"

    /// Answers as `imagegen` while `body` runs.
    ///
    /// - Throws: `unavailable` where no socket can be made; what `body` throws.
    static func with<T: Sendable>(in directory: RunDirectory, _ body: () async throws -> T) async throws -> T {
        let publication = try SocketPublication(service: "imagegen", instance: instance, in: directory)
        let server = try await RPCServer.listen(
            path: publication.bindPath, dispatcher: BrokenImages(), peers: PeerPolicy(),
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
            throw ServiceError(.unavailable, Self.words, provider: "acme-images")
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
