import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import NIOCore
import ServicePool

/// Connections of its own to the orchestrator, for what is watched; calls go through the pool.
struct OrchestratorLink: Sendable {
    private static let patience = Duration.seconds(10)

    let directory: RunDirectory

    /// What there is now.
    ///
    /// - Parameter job: all jobs that are not at their end, and the newest others, if absent.
    /// - Throws: `not_found` for an unknown job; `unavailable`.
    func snapshot(of job: String?) async throws -> WatchSnapshot {
        let connection = try await connect()
        do {
            let snapshot = try await connection.call(
                OrchestratorAPI.watch, WatchJobs(jobID: job), timeout: Self.patience)
            await connection.close()
            return snapshot
        } catch {
            await connection.close()
            throw error
        }
    }

    /// The number of the newest message.
    func newest() async throws -> Int {
        try await snapshot(of: nil).seq
    }

    /// All messages after a number, until the connection is lost.
    func messages(after seq: Int) async throws -> AsyncThrowingStream<WatchHub.Message, any Error> {
        let connection = try await connect()
        do {
            _ = try await connection.call(OrchestratorAPI.watch, WatchJobs(afterSeq: seq), timeout: Self.patience)
        } catch {
            await connection.close()
            throw error
        }
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: WatchHub.Message.self)
        let reader = Task {
            for await notification in connection.notifications where notification.method == OrchestratorAPI.event {
                do {
                    continuation.yield(try Self.message(notification.params))
                } catch {
                    continuation.finish(throwing: error)
                }
            }
            continuation.finish()
            await connection.close()
        }
        continuation.onTermination = { _ in reader.cancel() }
        return stream
    }

    private static func message(_ params: Data) throws -> WatchHub.Message {
        let status = try JSONCoding.decode(StatusMessage.self, from: params)
        return WatchHub.Message(
            seq: status.seq, job: status.jobId, agent: status.agentNumber.rawValue,
            isTerminal: status.status == .finished || status.status == .error || status.jobState.isTerminal,
            text: ByteBuffer(bytes: params))
    }

    private func connect() async throws -> RPCConnection {
        guard let instance = directory.instances(of: "orchestrator").first else {
            throw ServiceError(.unavailable, "no orchestrator runs in \(directory.path)")
        }
        return try await directory.connect(to: "orchestrator", instance: instance, patience: .milliseconds(200))
    }
}
