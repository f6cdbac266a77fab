// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import NIOCore
import ServicePool

/// Connections to the orchestrator for watching. Ordinary calls go through `ServicePools`.
struct OrchestratorLink: Sendable {
    /// The longest time for the reply of `orchestrator.watch`.
    private static let replyTimeout = Duration.seconds(10)

    let directory: RunDirectory

    /// Requests a snapshot.
    ///
    /// - Parameter job: the job's ID; `nil` for all unfinished jobs and the newest finished ones.
    /// - Throws: `not_found` for an unknown job; `unavailable`.
    func snapshot(of job: String?) async throws -> WatchSnapshot {
        let connection = try await connect()
        do {
            let snapshot = try await connection.call(
                OrchestratorAPI.watch, WatchJobs(jobID: job), timeout: Self.replyTimeout)
            await connection.close()
            return snapshot
        } catch {
            await connection.close()
            throw error
        }
    }

    /// The `seq` of the newest message.
    func newestSeq() async throws -> Int {
        try await snapshot(of: nil).seq
    }

    /// Subscribes to the messages of all jobs.
    ///
    /// - Parameter seq: only newer messages are delivered.
    /// - Returns: a stream that ends when the connection is lost.
    func messages(after seq: Int) async throws -> AsyncThrowingStream<StatusBroadcaster.Message, any Error> {
        let connection = try await connect()
        do {
            _ = try await connection.call(OrchestratorAPI.watch, WatchJobs(afterSeq: seq), timeout: Self.replyTimeout)
        } catch {
            await connection.close()
            throw error
        }
        let (stream, continuation) = AsyncThrowingStream.makeStream(of: StatusBroadcaster.Message.self)
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

    private static func message(_ params: Data) throws -> StatusBroadcaster.Message {
        let status = try JSONCoding.decode(StatusMessage.self, from: params)
        return StatusBroadcaster.Message(
            seq: status.seq, job: status.jobId, agent: status.agentNumber.rawValue,
            isTerminal: status.status == .finished || status.status == .error || status.jobState.isTerminal,
            text: ByteBuffer(bytes: params))
    }

    private func connect() async throws -> RPCConnection {
        guard let instance = directory.instances(of: "orchestrator").first else {
            throw ServiceError(.unavailable, "no orchestrator runs in \(directory.path): start it with `understudy up`")
        }
        return try await directory.connect(to: "orchestrator", instance: instance, timeout: .milliseconds(200))
    }
}
