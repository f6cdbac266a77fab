import Contracts
import Faults
import JSONRPC

/// Another service as the lead: whatever answers `agent.process` on a socket. Progress, errors and cancelling go through.
struct SocketProvider: VideoProvider {
    /// Where it listens.
    let path: String
    /// Shorter than that of our own callers, so that they get an answer if the service has none.
    private static let settlement = Duration.seconds(3)

    func process(_ request: AgentRequest, _ call: Call) async throws -> AgentResult {
        let connection: RPCConnection
        do {
            connection = try await RPCConnection.connect(to: path, patience: .seconds(2))
        } catch {
            throw ServiceError(
                .unavailable, "nobody listens on \(path): \(ServiceError(wrapping: error).message)", provider: "socket")
        }
        do {
            let result = try await connection.call(
                AgentAPI.process, request, settlement: Self.settlement,
                onProgress: { call.progress($0.fraction, $0.message) })
            await connection.close()
            return result
        } catch is RPCConnection.Lost {
            throw ServiceError(.unavailable, "\(path) closed the connection before it answered", provider: "socket")
        } catch {
            await connection.close()
            throw error
        }
    }
}
