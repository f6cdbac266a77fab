// SPDX-License-Identifier: Apache-2.0

package import Calls
package import Faults
package import FoundationEssentials
package import JSON
package import NIOCore
import NIOPosix
import Retry
import Synchronization

/// A client connection to one socket, for any number of concurrent calls.
///
/// ```swift
/// let connection = try await RPCConnection.connect(to: "/run/understudy/clipper/one.sock")
/// let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(5))
/// await connection.close()
/// ```
///
/// Calls inherit the deadline, job and trace of `CallContext.current`.
package final class RPCConnection: Sendable {
    /// The connection could not be made, or was lost before the reply arrived: it is unknown whether the work was done.
    package struct Lost: ServiceErrorConvertible {
        /// The socket's path.
        package let path: String
        /// Why the connection was lost.
        package let reason: String
        /// Whether the connection is still open and the process behind it does not respond.
        package var isAbandoned = false

        /// `unavailable`, with the path and the reason.
        package var serviceError: ServiceError {
            ServiceError(.unavailable, "\(path): \(reason)")
        }
    }

    /// The `provider_code` of a call that was cancelled and whose reply did not arrive within the settlement timeout.
    package static let notSettled = FaultCause.notSettled.rawValue

    /// The time after the deadline during which the callee's own `timeout` reply is still awaited.
    private static let gracePeriod = TimeAmount.milliseconds(500)

    private static let noParams = Data("{}".utf8)

    /// The socket's path.
    package let path: String
    private let channel: any Channel
    private let handler: NIOLoopBound<ClientConnectionHandler>
    private let state: ClientState
    private let nextID = Atomic<Int>(1)
    private let requestLimit: Int
    private let interceptors: [any ClientInterceptor]
    /// Runs tasks on the thread that reads the replies, so that a call ends without waking another thread.
    ///
    /// For tasks that make many small calls. They must neither block nor compute for long: no reply is read meanwhile.
    ///
    /// ```swift
    /// group.addTask(executorPreference: connection.executor) { try await connection.call(method, params) }
    /// ```
    package let executor: any TaskExecutor

    /// Notifications from the server, for a single consumer. Ends when the connection closes.
    package let notifications: AsyncStream<RPCNotification>

    private init(
        path: String, channel: any Channel, handler: NIOLoopBound<ClientConnectionHandler>, state: ClientState,
        notifications: AsyncStream<RPCNotification>, requestLimit: Int, interceptors: [any ClientInterceptor]
    ) {
        self.state = state
        self.interceptors = interceptors + [ContextSender()]
        self.requestLimit = requestLimit
        self.path = path
        self.channel = channel
        executor = ConnectionExecutor(channel.eventLoop)
        self.handler = handler
        self.notifications = notifications
    }

    /// Connects to a socket. Retries while the server's backlog is full or its socket is being replaced.
    ///
    /// - Parameters:
    ///   - path: the socket's path, at most 103 bytes.
    ///   - timeout: how long to retry.
    ///   - peers: which processes may serve the socket; any if absent.
    ///   - requestLimit: the maximum bytes of a line that the server accepts; a longer request fails its call.
    ///   - replyLimit: the maximum bytes of a reply; a longer one fails its call.
    ///   - interceptors: wrap each call, the first one outermost.
    /// - Throws: `Lost`; `unauthorized` if the process that serves the socket is not one of `peers`.
    package static func connect(
        to path: String, timeout: Duration = .milliseconds(500), peers: PeerPolicy? = nil,
        requestLimit: Int = Wire.defaultLineLimit, replyLimit: Int = Wire.replyLimit,
        interceptors: [any ClientInterceptor] = [],
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RPCConnection {
        let end = ContinuousClock.now + timeout
        var backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(100), jitter: 0.5...1.5)
        while true {
            do {
                return try await connectOnce(
                    to: path, peers: peers, requestLimit: requestLimit, replyLimit: replyLimit,
                    interceptors: interceptors, group: group)
            } catch let error as IOError
                where [EAGAIN, ECONNREFUSED, ENOENT].contains(error.errnoCode) && ContinuousClock.now < end
            {
                try await Task.sleep(for: backoff.next())
            } catch let error as IOError {
                throw Lost(path: path, reason: "cannot connect: \(String(cString: strerror(error.errnoCode)))")
            } catch let error as CancellationError {
                throw error
            } catch let error as ServiceError {
                throw error
            } catch {
                throw Lost(path: path, reason: "cannot connect: \(error)")
            }
        }
    }

    private static func connectOnce(
        to path: String, peers: PeerPolicy?, requestLimit: Int, replyLimit: Int,
        interceptors: [any ClientInterceptor], group: any EventLoopGroup
    ) async throws -> RPCConnection {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RPCNotification.self, bufferingPolicy: .bufferingNewest(65_536))
        let loop = group.next()
        let state = ClientState(path: path)
        let handler = NIOLoopBoundBox<ClientConnectionHandler?>.makeEmptyBox(
            valueType: ClientConnectionHandler.self, eventLoop: loop)
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let client = ClientConnectionHandler(
                        path: path, state: state, replyLimit: replyLimit, notifications: continuation)
                    handler.value = client
                    try channel.pipeline.syncOperations.addHandler(client)
                }
            }
            .connect(unixDomainSocketPath: path).get()
        if let peers { try await check(channel, path, peers) }
        let bound = try await loop.submit {
            guard let client = handler.value else {
                throw Lost(path: path, reason: "the connection was closed immediately")
            }
            return NIOLoopBound(client, eventLoop: loop)
        }.get()
        return RPCConnection(
            path: path, channel: channel, handler: bound, state: state, notifications: stream,
            requestLimit: requestLimit, interceptors: interceptors)
    }

    /// Closes the connection and throws if the process that serves the socket is not one of `peers`.
    private static func check(_ channel: any Channel, _ path: String, _ peers: PeerPolicy) async throws {
        let peer = try await Peer.of(channel).get()
        guard !peers.allows(peer) else { return }
        try? await channel.close().get()
        throw ServiceError(
            .unauthorized,
            "\(path) is served by user \(peer.uid), group \(peer.gid): if this is intended, list the group in "
                + "UNDERSTUDY_ALLOW_GIDS"
        )
    }

    /// Whether the connection is open.
    package var isOpen: Bool { channel.isActive }

    /// Completes when the connection is closed.
    package var closeFuture: EventLoopFuture<Void> { channel.closeFuture }

    /// Waits until the connection is closed.
    package func waitUntilClosed() async {
        try? await channel.closeFuture.get()
    }

    /// Closes the connection; pending calls throw `Lost`.
    package func close() async {
        try? await channel.close().get()
    }

    /// Closes the connection once no calls are pending.
    package func closeWhenIdle() {
        perform(state.closeWhenIdle())
    }

    /// Stops waiting for the pending calls of some methods; they throw `Lost`. The server is not notified.
    package func abandon(_ methods: Set<String>, reason: String) {
        perform(state.abandon(methods, reason: reason))
    }

    /// Does on the event loop what a change of the state needs.
    private func perform(_ wakeup: ClientState.Wakeup) {
        guard wakeup.isNeeded else { return }
        let handler = self.handler
        channel.eventLoop.execute { handler.value.perform(wakeup) }
    }

    /// Calls a method.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for the reply; the deadline of the current `CallContext` applies, too.
    ///   - settlementTimeout: how long to wait for the reply after cancellation; the method's own if absent.
    ///   - onProgress: called for each `rpc.progress` of this call, in order, on the event loop; must not block.
    /// - Throws: the peer's `ServiceError`, `Lost`, or `CancellationError` after the peer was asked to cancel. With a settlement
    ///   timeout, a cancelled call still ends with its reply, or with `cancelled` and provider code `not_settled` if none arrives.
    package func call<P, R>(
        _ method: Method<P, R>, _ params: P, timeout: Duration? = nil, settlementTimeout: Duration? = nil,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        let result = try await callRaw(
            method.name, params: try JSONCoding.encode(params), timeout: timeout,
            settlementTimeout: settlementTimeout ?? method.settlementTimeout, requestLimit: method.requestLimit,
            onProgress: onProgress)
        do {
            // The connection has read the whole line, see `Message`.
            return try result.withUnsafeBytes { try JSONCoding.decode(R.self, fromPart: $0) }
        } catch let error as ServiceError {
            throw error
        } catch {
            let reason = (error as? DecodingError).map { ServiceError.invalidParams(from: $0).message } ?? "\(error)"
            throw ServiceError(.internal, "\(method.name) returned an unexpected result: \(reason)")
        }
    }

    /// Calls a method by its name, with untyped parameters and result.
    ///
    /// - Throws: as the typed `call`.
    package func call(
        _ method: String, params: JSONValue?, timeout: Duration? = nil,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> JSONValue {
        let result = try await callRaw(
            method, params: try params.map { try JSONCoding.encode($0) }, timeout: timeout,
            hasMeta: params?["_meta"] != nil, onProgress: onProgress)
        return try JSONCoding.decode(JSONValue.self, from: result)
    }

    /// Calls a method by its name.
    ///
    /// - Parameters:
    ///   - minimumLimit: raises the connection's request limit for this call.
    ///   - hasMeta: whether the parameters contain `_meta`, which then is sent unchanged.
    /// - Returns: the JSON text of the result.
    private func callRaw(
        _ method: String, params: Data?, timeout: Duration? = nil, settlementTimeout: Duration? = nil,
        requestLimit minimumLimit: Int? = nil, hasMeta: Bool = false,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> Data {
        try Task.checkCancellation()
        let requestLimit = max(self.requestLimit, minimumLimit ?? 0)
        return try await interceptors.call(
            OutgoingCall(method: method, params: params, hasMeta: hasMeta, timeout: timeout)
        ) { call in
            try await self.send(
                call, settlementTimeout: settlementTimeout, requestLimit: requestLimit, onProgress: onProgress)
        }
    }

    /// Sends a call and waits for its reply.
    private func send(
        _ call: OutgoingCall, settlementTimeout: Duration?, requestLimit: Int,
        onProgress: (@Sendable (ProgressReport) -> Void)?
    ) async throws -> Data {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        let (method, remaining) = (call.method, call.timeout)
        if let remaining, remaining <= .zero { throw ServiceError(.timeout, "\(method): the deadline passed") }
        let line = try request(id, call, wantsProgress: onProgress != nil, limit: requestLimit)
        let cancellation = CancellationFlag()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let pending = PendingCall(
                    method: method, continuation: continuation, onProgress: onProgress,
                    settlementTimeout: settlementTimeout, bytes: line.readableBytes,
                    end: remaining.map { .after($0) + Self.gracePeriod })
                perform(state.submit(id, line, pending) { cancellation.isSet })
            }
        } onCancel: {
            cancellation.set()
            perform(state.cancel(id))
        }
    }

    /// The line of a call. The context's `_meta` is omitted if it would make the line too long.
    private func request(
        _ id: Int, _ call: OutgoingCall, wantsProgress: Bool, limit: Int
    ) throws(ServiceError) -> ByteBuffer {
        let params = call.params ?? Self.noParams
        let deadline = call.timeout.map { max($0.milliseconds, 1) }
        func line(_ meta: String?) -> ByteBuffer {
            Wire.request(
                id: .number("\(id)"), method: call.method, params: params,
                adding: CallControls.members(deadline: deadline, wantsProgress: wantsProgress, meta: meta))
        }
        let meta = call.hasMeta ? nil : CallControls.meta(jobID: call.jobID, traceparent: call.traceparent)
        let whole = line(meta)
        guard whole.readableBytes > limit + 1 else { return whole }
        let plain = meta == nil ? whole : line(nil)
        guard plain.readableBytes <= limit + 1 else {
            throw ServiceError(
                .tooLarge,
                "\(call.method): the request has \(plain.readableBytes) bytes, a line has at most \(limit): "
                    + "pass large data by URI"
            )
        }
        return plain
    }

    /// Sends a notification with the job and trace of the current context. Delivery is not confirmed.
    package func notify(_ method: String, params: Data) {
        let context = CallContext.current
        let meta = CallControls.meta(jobID: context.jobID, traceparent: context.trace?.traceparent())
        let members = CallControls.members(deadline: nil, wantsProgress: true, meta: meta)
        let line = Wire.notification(method: method, params: params, adding: members)
        perform(state.send(line))
    }

    private final class CancellationFlag: Sendable {
        private let flag = Atomic<Bool>(false)
        var isSet: Bool { flag.load(ordering: .acquiring) }
        func set() { flag.store(true, ordering: .releasing) }
    }
}

extension Duration {
    /// The duration in whole milliseconds, rounded toward zero.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
