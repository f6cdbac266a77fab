// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC

/// The provider `socket`: a user's service as the lead, called by `agent.process` on a Unix socket. Progress, errors and
/// cancellations are forwarded.
struct SocketProvider: VideoProvider {
    /// The path of the socket.
    let path: String
    /// Shorter than the callers' own timeout, so that they get a reply if the service sends none.
    private static let settlementTimeout = Duration.seconds(3)

    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let connection: RPCConnection
        do {
            connection = try await RPCConnection.connect(to: path, timeout: .seconds(2))
        } catch {
            throw ServiceError(
                .unavailable, "no service listens on \(path): \(ServiceError(wrapping: error).message)",
                provider: "socket")
        }
        do {
            let result = try await connection.call(
                AgentAPI.process, request, settlementTimeout: Self.settlementTimeout,
                onProgress: { call.progress($0.fraction, $0.message) })
            await connection.close()
            return result
        } catch is RPCConnection.Lost {
            throw ServiceError(.unavailable, "\(path) closed the connection before it replied", provider: "socket")
        } catch {
            await connection.close()
            throw error
        }
    }
}
