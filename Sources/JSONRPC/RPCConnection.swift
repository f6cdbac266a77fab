package import FoundationEssentials
package import NIOCore
import NIOPosix
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

        package var serviceError: ServiceError {
            ServiceError(.unavailable, "\(path): \(reason)")
        }
    }

    package let path: String
    private let channel: any Channel
    private let handler: NIOLoopBound<ClientConnectionHandler>
    private let nextID = Atomic<Int>(1)

    /// What the server sends without being asked; for one reader. Ends with the connection.
    package let notifications: AsyncStream<RPCNotification>

    private init(
        path: String, channel: any Channel, handler: NIOLoopBound<ClientConnectionHandler>,
        notifications: AsyncStream<RPCNotification>
    ) {
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
    /// - Throws: `Lost`.
    package static func connect(
        to path: String, patience: Duration = .milliseconds(500),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton
    ) async throws -> RPCConnection {
        let giveUp = ContinuousClock.now + patience
        var pause = 5.0
        while true {
            do {
                return try await connectOnce(to: path, group: group)
            } catch let error as IOError
                where [EAGAIN, ECONNREFUSED, ENOENT].contains(error.errnoCode) && ContinuousClock.now < giveUp
            {
                // trusted: a pause of this file
                try await Task.sleep(for: .milliseconds(pause * Double.random(in: 0.5...1.5)))
                pause = min(pause * 2, 100)
            } catch let error as IOError {
                throw Lost(path: path, reason: "cannot connect: \(String(cString: strerror(error.errnoCode)))")
            } catch let error as CancellationError {
                throw error
            } catch {
                throw Lost(path: path, reason: "cannot connect: \(error)")
            }
        }
    }

    private static func connectOnce(to path: String, group: any EventLoopGroup) async throws -> RPCConnection {
        let (stream, continuation) = AsyncStream.makeStream(
            of: RPCNotification.self, bufferingPolicy: .bufferingNewest(65_536))
        let loop = group.next()
        let handler = NIOLoopBoundBox<ClientConnectionHandler?>.makeEmptyBox(
            valueType: ClientConnectionHandler.self, eventLoop: loop)
        let channel = try await ClientBootstrap(group: loop)
            .channelOption(.allowRemoteHalfClosure, value: false)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let client = ClientConnectionHandler(path: path, notifications: continuation)
                    handler.value = client
                    try channel.pipeline.syncOperations.addHandler(client)
                }
            }
            .connect(unixDomainSocketPath: path).get()
        let bound = try await loop.submit {
            guard let client = handler.value else { throw Lost(path: path, reason: "closed at once") }
            return NIOLoopBound(client, eventLoop: loop)
        }.get()
        return RPCConnection(path: path, channel: channel, handler: bound, notifications: stream)
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

    /// Calls a method.
    ///
    /// - Parameters:
    ///   - timeout: when to give up; the deadline of the call that is being answered, if any, holds too.
    ///   - onProgress: called for each `rpc.progress` of this call, in order, on the connection's thread; must not block.
    /// - Throws: the peer's `ServiceError`, `Lost`, or `CancellationError` after the peer was told to stop.
    package func call<P, R>(
        _ method: Method<P, R>, _ params: P, timeout: Duration? = nil,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> R {
        let result = try await callRaw(
            method.name, params: try JSONCoding.encode(params), timeout: timeout, onProgress: onProgress)
        do {
            return try JSONCoding.decode(R.self, from: result)
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
            method, params: try params.map { try JSONCoding.encode($0) }, timeout: timeout, onProgress: onProgress)
        return try JSONCoding.decode(JSONValue.self, from: result)
    }

    /// Calls a method by its name. -> the JSON text of the result, as it came.
    package func callRaw(
        _ method: String, params: Data?, timeout: Duration? = nil,
        onProgress: (@Sendable (ProgressReport) -> Void)? = nil
    ) async throws -> Data {
        try Task.checkCancellation()
        let id = nextID.wrappingAdd(1, ordering: .relaxed).oldValue
        let inherited = CallContext.deadline.map { ContinuousClock.now.duration(to: $0) }
        let remaining = [timeout, inherited].compactMap { $0 }.min()
        if let remaining, remaining <= .zero { throw ServiceError(.timeout, "\(method): the deadline passed") }
        let controls = CallControls.splice(
            deadline: remaining.map { max($0.milliseconds, 1) }, wantsProgress: onProgress != nil,
            into: Array(params ?? Data("{}".utf8)))
        let line = Wire.request(id: .number("\(id)"), method: method, params: controls)
        let handler = self.handler
        let loop = channel.eventLoop
        let isCancelled = Cancellation()
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let pending = ClientConnectionHandler.Pending(
                    method: method, continuation: continuation, onProgress: onProgress)
                loop.execute {
                    handler.value.submit(id, line, pending, remaining: remaining, cancelled: isCancelled.isSet)
                }
            }
        } onCancel: {
            isCancelled.set()
            loop.execute { handler.value.cancel(id) }
        }
    }

    /// Sends a notification; nothing tells whether it arrived.
    package func notify(_ method: String, params: Data) {
        let line = Wire.notification(method: method, params: Array(params))
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
