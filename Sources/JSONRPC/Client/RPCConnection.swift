package import Calls
package import Faults
package import FoundationEssentials
package import JSON
package import NIOCore
import NIOPosix
import Retry
import Synchronization

/// A notification that a server sent.
package struct RPCNotification: Sendable {
    package let method: String
    /// The JSON text of `params`.
    package let params: Data
}

/// A client's connection to one socket: any number of calls at a time.
package final class RPCConnection: Sendable {
    /// The connection broke, or could not be made, before the reply came: nobody knows whether the work was done.
    package struct Lost: ServiceErrorConvertible {
        package let path: String
        package let reason: String
        /// Whether the connection is there, and the process behind it does not answer.
        package var isAbandoned = false

        package var serviceError: ServiceError {
            ServiceError(.unavailable, "\(path): \(reason)")
        }
    }

    /// `provider_code` of the error of a call that was cancelled and whose reply did not come within its method's settlement.
    package static let notSettled = FaultCause.notSettled.rawValue

    package let path: String
    private let channel: any Channel
    private let handler: NIOLoopBound<ClientConnectionHandler>
    private let nextID = Atomic<Int>(1)
    private let requestLimit: Int
    private let interceptors: [any ClientInterceptor]

    /// What the server sends without being asked; for one reader. Ends with the connection.
    package let notifications: AsyncStream<RPCNotification>

    private init(
        path: String, channel: any Channel, handler: NIOLoopBound<ClientConnectionHandler>,
        notifications: AsyncStream<RPCNotification>, requestLimit: Int, interceptors: [any ClientInterceptor]
    ) {
        self.interceptors = interceptors + [ContextSender()]
        self.requestLimit = requestLimit
        self.path = path
        self.channel = channel
        self.handler = handler
        self.notifications = notifications
    }

    /// Connects; a server whose backlog is full, or that is just being replaced, is tried again for a moment.
    ///
    /// - Parameters:
    ///   - path: the socket's path, at most 103 bytes.
    ///   - patience: how long to go on trying.
    ///   - peers: who may serve the socket; anybody if absent.
    ///   - requestLimit: bytes that the server takes as one line; a longer request is an error of its call.
    ///   - replyLimit: bytes that a reply may have; a longer one is an error of its call.
    ///   - interceptors: run around each call, the first one outermost.
    /// - Throws: `Lost`; `unauthorized` where the process that serves the socket is none of `peers`.
    package static func connect(
        to path: String, patience: Duration = .milliseconds(500), peers: PeerPolicy? = nil,
        requestLimit: Int = Wire.defaultLineLimit, replyLimit: Int = Wire.replyLimit,
        interceptors: [any ClientInterceptor] = [],
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RPCConnection {
        let giveUp = ContinuousClock.now + patience
        var backoff = Backoff(first: .milliseconds(5), longest: .milliseconds(100), jitter: 0.5...1.5)
        while true {
            do {
                return try await connectOnce(
                    to: path, peers: peers, requestLimit: requestLimit, replyLimit: replyLimit,
                    interceptors: interceptors, group: group)
            } catch let error as IOError
                where [EAGAIN, ECONNREFUSED, ENOENT].contains(error.errnoCode) && ContinuousClock.now < giveUp
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
        let handler = NIOLoopBoundBox<ClientConnectionHandler?>.makeEmptyBox(
            valueType: ClientConnectionHandler.self, eventLoop: loop)
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let client = ClientConnectionHandler(
                        path: path, replyLimit: replyLimit, notifications: continuation)
                    handler.value = client
                    try channel.pipeline.syncOperations.addHandler(client)
                }
            }
            .connect(unixDomainSocketPath: path).get()
        if let peers { try await check(channel, path, peers) }
        let bound = try await loop.submit {
            guard let client = handler.value else { throw Lost(path: path, reason: "closed at once") }
            return NIOLoopBound(client, eventLoop: loop)
        }.get()
        return RPCConnection(
            path: path, channel: channel, handler: bound, notifications: stream, requestLimit: requestLimit,
            interceptors: interceptors)
    }

    /// Closes a connection to a process that may not serve here.
    private static func check(_ channel: any Channel, _ path: String, _ peers: PeerPolicy) async throws {
        let peer = try await Peer.of(channel).get()
        guard !peers.allows(peer) else { return }
        try? await channel.close().get()
        throw ServiceError(
            .unauthorized,
            "\(path) is served by user \(peer.uid), group \(peer.gid): if that is meant, list the group in UNDERSTUDY_ALLOW_GIDS"
        )
    }

    /// Whether calls can be made.
    package var isOpen: Bool { channel.isActive }

    /// Comes true when the connection is gone.
    package var closed: EventLoopFuture<Void> { channel.closeFuture }

    /// Returns when the connection is gone.
    package func untilClosed() async {
        try? await channel.closeFuture.get()
    }

    package func close() async {
        try? await channel.close().get()
    }

    /// Closes as soon as no call is on its way.
    package func closeWhenIdle() {
        let handler = self.handler
        channel.eventLoop.execute { handler.value.closeWhenIdle() }
    }

    /// Stops waiting for the calls of some methods, as if the connection were lost: they throw `Lost`. The server is not told.
    package func abandon(_ methods: Set<String>, reason: String) {
        let handler = self.handler
        channel.eventLoop.execute { handler.value.abandon(methods, reason: reason) }
    }

    /// Calls a method.
    ///
    /// - Parameters:
    ///   - timeout: when to give up; the deadline of the call that is being answered, if any, holds too.
    ///   - settlement: how long to wait for the reply after the call was cancelled; the method's own if absent.
    ///   - onProgress: called for each `rpc.progress` of this call, in order, on the connection's thread; must not block.
    /// - Throws: the peer's `ServiceError`, `Lost`, or `CancellationError` after the peer was asked to stop. A method with a
    ///   settlement ends with its reply even then, and with `cancelled` and the provider code `not_settled` without one.
    package func call<P, R>(
        _ method: Method<P, R>, _ params: P, timeout: Duration? = nil, settlement: Duration? = nil,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        let result = try await callRaw(
            method.name, params: try JSONCoding.encode(params), timeout: timeout,
            settlement: settlement ?? method.settlement, requestLimit: method.requestLimit, onProgress: onProgress)
        do {
            return try JSONCoding.decode(R.self, from: result)
        } catch let error as ServiceError {
            throw error
        } catch {
            let reason = (error as? DecodingError).map { ServiceError.invalidParams(from: $0).message } ?? "\(error)"
            throw ServiceError(.internal, "\(method.name) answered something else than it promises: \(reason)")
        }
    }

    /// Calls a method by its name.
    package func call(
        _ method: String, params: JSONValue?, timeout: Duration? = nil,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> JSONValue {
        let result = try await callRaw(
            method, params: try params.map { try JSONCoding.encode($0) }, timeout: timeout,
            hasMeta: params?["_meta"] != nil, onProgress: onProgress)
        return try JSONCoding.decode(JSONValue.self, from: result)
    }

    /// Calls a method by its name. -> the JSON text of the result, as it came.
    ///
    /// - Parameter hasMeta: whether the parameters have a `_meta` of their own, which is left as it is.
    private func callRaw(
        _ method: String, params: Data?, timeout: Duration? = nil, settlement: Duration? = nil,
        requestLimit larger: Int? = nil, hasMeta: Bool = false, onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> Data {
        try Task.checkCancellation()
        let requestLimit = max(self.requestLimit, larger ?? 0)
        return try await interceptors.call(
            OutgoingCall(method: method, params: params, hasMeta: hasMeta, timeout: timeout)
        ) { call in
            try await self.send(call, settlement: settlement, requestLimit: requestLimit, onProgress: onProgress)
        }
    }

    /// Sends a call and waits for its reply.
    private func send(
        _ call: OutgoingCall, settlement: Duration?, requestLimit: Int,
        onProgress: (@Sendable (ProgressReport) -> Void)?
    ) async throws -> Data {
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        let (method, remaining) = (call.method, call.timeout)
        if let remaining, remaining <= .zero { throw ServiceError(.timeout, "\(method): the deadline passed") }
        let line = try request(id, call, wantsProgress: onProgress != nil, limit: requestLimit)
        let handler = self.handler
        let loop = channel.eventLoop
        let isCancelled = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let pending = ClientConnectionHandler.Pending(
                    method: method, continuation: continuation, onProgress: onProgress, settlement: settlement)
                loop.execute {
                    handler.value.submit(id, line, pending, remaining: remaining, cancelled: isCancelled.isSet)
                }
            }
        } onCancel: {
            isCancelled.set()
            loop.execute { handler.value.cancel(id) }
        }
    }

    /// The line of a call. What it hands down of its context is left out where it would make the line too long.
    private func request(
        _ id: Int, _ call: OutgoingCall, wantsProgress: Bool, limit: Int
    ) throws(ServiceError) -> ByteBuffer {
        let params = Array(call.params ?? Data("{}".utf8))
        let deadline = call.timeout.map { max($0.milliseconds, 1) }
        func line(_ meta: String?) -> ByteBuffer {
            let controls = CallControls.splice(
                deadline: deadline, wantsProgress: wantsProgress, meta: meta, into: params)
            return Wire.request(id: .number("\(id)"), method: call.method, params: controls)
        }
        let meta = call.hasMeta ? nil : CallControls.meta(jobID: call.jobID, traceparent: call.traceparent)
        let whole = line(meta)
        guard whole.readableBytes > limit + 1 else { return whole }
        let plain = meta == nil ? whole : line(nil)
        guard plain.readableBytes <= limit + 1 else {
            throw ServiceError(
                .tooLarge,
                "\(call.method): the request has \(plain.readableBytes) bytes, a line has at most \(limit): name large things by their URI"
            )
        }
        return plain
    }

    /// Sends a notification, in the context of the calling code; delivery is not confirmed.
    package func notify(_ method: String, params: Data) {
        let context = CallContext.current
        let meta = CallControls.meta(jobID: context.jobID, traceparent: context.trace?.traceparent())
        let params = CallControls.splice(deadline: nil, wantsProgress: true, meta: meta, into: Array(params))
        let line = Wire.notification(method: method, params: params)
        let handler = self.handler
        channel.eventLoop.execute { handler.value.post(line) }
    }

    private final class Cancellation: Sendable {
        private let flag = Atomic<Bool>(false)
        var isSet: Bool { flag.load(ordering: .acquiring) }
        func set() { flag.store(true, ordering: .releasing) }
    }
}

extension Duration {
    /// Whole milliseconds.
    package var milliseconds: Int64 {
        let (seconds, attoseconds) = components
        return seconds * 1000 + attoseconds / 1_000_000_000_000_000
    }
}
