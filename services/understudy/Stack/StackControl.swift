// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import Glibc
import JSON
import JSONRPC
import Logging
import ServicePool
import Untrusted

/// The numbers of replicas by service.
struct StackScale: Codable, Sendable {
    var replicas: [String: Int]
}

/// The socket `.up.sock` of a run directory, by which the process that supervises a stack is asked to change it.
struct StackControl {
    /// Starts or stops replicas, and returns the numbers of all services.
    static let scale = Method<StackScale, StackScale>(
        "stack.scale", idempotent: true, summary: "Starts or stops replicas of services.")

    private let server: RPCServer
    private let path: String

    static func path(in directory: RunDirectory) -> String { "\(directory.path)/.up.sock" }

    /// Creates the socket, for this user only.
    ///
    /// - Throws: `conflict` if another process supervises a stack in the run directory.
    static func listen(_ stack: Stack) async throws -> StackControl {
        let path = path(in: stack.runDirectory)
        if let other = try? await RPCConnection.connect(to: path, timeout: .zero) {
            await other.close()
            throw ServiceError(.conflict, "another process supervises a stack in \(stack.runDirectory.path)")
        }
        unlink(path)
        let server = try await RPCServer.listen(
            path: path, dispatcher: StackDispatcher(stack: stack), peers: PeerPolicy(),
            logger: Logger(label: "understudy"))
        chmod(path, 0o600)
        return StackControl(server: server, path: path)
    }

    /// Removes the socket.
    func remove() { unlink(path) }
}

/// Answers the calls of a `StackControl`.
private struct StackDispatcher: Dispatcher {
    let stack: Stack

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        guard call.method == StackControl.scale.name else {
            throw ServiceError(.methodNotFound, "the only method is \(StackControl.scale.name)")
        }
        do {
            let wanted = try call.decodeParams(StackScale.self).replicas
            for (service, count) in wanted where !ReplicaCounts.isValid(service, count) {
                let name = service.bounded(to: TextBound.quotation).printable()
                throw ServiceError.invalidParams(at: "/replicas/\(name)", expected: ReplicaCounts.expectation)
            }
            return try JSONCoding.encode(StackScale(replicas: try await stack.scale(wanted)))
        } catch {
            throw ServiceError(wrapping: error)
        }
    }
}
