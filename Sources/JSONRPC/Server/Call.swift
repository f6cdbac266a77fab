package import Calls
package import Faults
package import FoundationEssentials
package import JSON
package import NIOCore
import Synchronization

/// The call that a handler is answering.
package final class Call: Sendable {
    /// Absent for a notification.
    package let id: RPCID?
    package let method: String
    package let peer: Peer
    /// When the caller stops waiting.
    package let deadline: ContinuousClock.Instant?
    /// The job that the call is for, as the caller named it.
    package let jobID: String?
    /// The trace that the caller passed on; absent where it passed none that can be used.
    package let trace: TraceContext?
    package let params: ByteBuffer?
    private let wantsProgress: Bool
    private let port: any CallPort
    private let isCancelled = Atomic(false)

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

    package var isNotification: Bool { id == nil }

    /// Whether it asks for what every service has; see `SystemMethod`.
    package var isSystem: Bool { method.hasPrefix(SystemMethod.prefix) }

    /// Whether the caller said that nobody wants the work any more. A task that is cancelled without it has lost its caller, or its
    /// time: whoever asks again may want what was begun.
    package var isCancelledByCaller: Bool { isCancelled.load(ordering: .acquiring) }

    func cancelByCaller() { isCancelled.store(true, ordering: .releasing) }

    /// `params` as they came; an empty object where there were none.
    package var rawParams: Data {
        guard let params, params.readableBytes > 0 else { return Self.noParams }
        let isEmptyArray = params.readableBytes == 2 && params.getInteger(at: params.readerIndex) == UInt8(ascii: "[")
        return isEmptyArray ? Self.noParams : Data(params.readableBytesView)
    }

    /// Tells the caller how far the work is, at most ten times a second; the last report wins. Never waits.
    ///
    /// - Parameters:
    ///   - fraction: 0 to 1.
    ///   - message: one line for a person.
    ///   - extra: further members of the notification.
    package func progress(_ fraction: Double, _ message: String, extra: [String: JSONValue] = [:]) {
        guard wantsProgress, id != nil else { return }
        port.progress(ProgressReport(fraction: fraction, message: message, extra: extra))
    }

    /// Sends the reply of a streaming call, which then goes on with `notify`.
    package func reply(_ result: some Encodable) async throws {
        guard let id else { return }
        try await port.reply(Wire.result(id: id, try JSONCoding.encode(result)))
    }

    /// Sends the reply of a streaming call, as JSON text that was made before.
    package func reply(json: Data) async throws {
        guard let id else { return }
        try await port.reply(Wire.result(id: id, json))
    }

    /// Sends a notification on this call's connection; waits while the peer reads slowly.
    ///
    /// - Throws: an error when the connection is gone.
    package func notify(_ name: String, _ params: some Encodable) async throws {
        try await port.notify(Wire.notification(method: name, params: Array(try JSONCoding.encode(params))))
    }

    /// Closes this call's connection at once, without a reply: every call on it is lost to its caller and cancelled here.
    /// What a peer that breaks off looks like, for rehearsals of it.
    package func dropConnection() { port.drop() }
}

/// Answers calls; `ServiceKit`'s registry of methods is one.
package protocol Dispatcher: Sendable {
    /// -> the JSON text of the result.
    func answer(_ call: Call) async throws(ServiceError) -> Data
}
