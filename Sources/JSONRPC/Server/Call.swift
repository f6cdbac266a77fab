// SPDX-License-Identifier: Apache-2.0

package import Calls
package import FoundationEssentials
package import JSON
package import NIOCore
import Synchronization

/// An incoming call, passed to the handler that answers it.
///
/// ```swift
/// call.progress(0.5, "encoding segment 3 of 6")
/// ```
package final class Call: Sendable {
    /// The request's id; absent for a notification.
    package let id: RPCID?
    /// The method's name.
    package let method: String
    /// The process that made the call.
    package let peer: Peer
    /// The time at which the caller stops waiting; absent without a deadline.
    package let deadline: ContinuousClock.Instant?
    /// The job that the call is for, as named by the caller.
    package let jobID: String?
    /// The caller's trace; absent if it sent none, or an invalid one.
    package let trace: TraceContext?
    /// The JSON text of `params`; absent if the request has none.
    package let params: ByteBuffer?
    private let wantsProgress: Bool
    private let port: any CallPort
    private let isCancelled = Atomic(false)

    /// Creates a call.
    ///
    /// - Parameters:
    ///   - wantsProgress: whether progress reports are sent.
    ///   - port: sends progress, reply and notifications.
    package init(
        id: RPCID?, method: String, peer: Peer, deadline: ContinuousClock.Instant?, wantsProgress: Bool,
        params: ByteBuffer?, jobID: String? = nil, trace: TraceContext? = nil, port: any CallPort
    ) {
        self.id = id
        self.method = method
        self.peer = peer
        self.deadline = deadline
        self.wantsProgress = wantsProgress
        self.params = params
        self.jobID = jobID
        self.trace = trace
        self.port = port
    }

    private static let noParams = Data("{}".utf8)

    /// Whether the caller expects no reply.
    package var isNotification: Bool { id == nil }

    /// Whether the method is a `SystemMethod`, which every service provides.
    package var isSystem: Bool { method.hasPrefix(SystemMethod.prefix) }

    /// Whether the caller cancelled the call explicitly (`rpc.cancel`).
    ///
    /// If the task is cancelled without it, the caller disconnected or the deadline passed: a retry may still use the work.
    package var isCancelledByCaller: Bool { isCancelled.load(ordering: .acquiring) }

    func markCancelledByCaller() { isCancelled.store(true, ordering: .releasing) }

    /// The JSON text of `params`; an empty object if they are absent or an empty array.
    package var rawParams: Data {
        guard let params, params.readableBytes > 0, !isEmptyArray(params) else { return Self.noParams }
        return Data(params.readableBytesView)
    }

    /// Decodes `params`; they are an empty object if they are absent or an empty array.
    ///
    /// - Throws: `DecodingError`.
    package func decodeParams<Params: Decodable>(_ type: Params.Type = Params.self) throws -> Params {
        guard let params, params.readableBytes > 0, !isEmptyArray(params) else {
            return try JSONCoding.decode(type, from: Self.noParams)
        }
        // The connection has read the whole line, see `Message`.
        return try params.withUnsafeReadableBytes { try JSONCoding.decode(type, fromPart: $0) }
    }

    private func isEmptyArray(_ params: ByteBuffer) -> Bool {
        params.readableBytes == 2 && params.getInteger(at: params.readerIndex) == UInt8(ascii: "[")
    }

    /// Reports progress to the caller, at most ten times a second; intermediate reports are coalesced. Never waits.
    ///
    /// - Parameters:
    ///   - fraction: the completed fraction, 0 to 1.
    ///   - message: one line for a person.
    ///   - extra: additional members of the notification.
    package func progress(_ fraction: Double, _ message: String, extra: [String: JSONValue] = [:]) {
        guard wantsProgress, id != nil else { return }
        port.progress(ProgressReport(fraction: fraction, message: message, extra: extra))
    }

    /// Sends the reply of a streaming call, which then continues with `notify`.
    ///
    /// - Throws: an error if the connection is closed or the result cannot be encoded.
    package func reply(_ result: some Encodable) async throws {
        guard let id else { return }
        try await port.reply(Wire.result(id: id, try JSONCoding.encode(result)))
    }

    /// Sends the reply of a streaming call, given as JSON text.
    ///
    /// - Throws: an error if the connection is closed.
    package func reply(json: Data) async throws {
        guard let id else { return }
        try await port.reply(Wire.result(id: id, json))
    }

    /// Sends a notification on this call's connection, waiting while the peer reads slowly.
    ///
    /// - Throws: an error if the connection is closed.
    package func notify(_ name: String, _ params: some Encodable) async throws {
        try await port.notify(Wire.notification(method: name, params: try JSONCoding.encode(params)))
    }

    /// Closes this call's connection immediately, without a reply; all calls on it are cancelled.
    ///
    /// Simulates a crashed peer for fault injection.
    package func dropConnection() { port.drop() }
}
