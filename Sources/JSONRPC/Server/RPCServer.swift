import Calls
package import Faults
package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// Listens on a Unix domain socket and answers JSON-RPC on every connection.
package final class RPCServer: Sendable {
    private let channel: any Channel
    private let connections: Connections

    private init(channel: any Channel, connections: Connections) {
        self.channel = channel
        self.connections = connections
    }

    /// Binds and listens; connections are accepted from now on.
    ///
    /// - Parameters:
    ///   - path: where the socket file is made; at most 103 bytes; nothing may stand there.
    ///   - interceptors: run around `dispatcher`, in the call's context, the first one outermost.
    ///   - lineLimit: bytes that one line may have.
    ///   - replyLimit: bytes that a reply may have, and that may wait on a connection.
    package static func listen(
        path: String, dispatcher: any Dispatcher, interceptors: [any ServerInterceptor] = [], peers: PeerPolicy,
        lineLimit: Int = Wire.defaultLineLimit,
        replyLimit: Int = Wire.replyLimit,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
    ) async throws(ServiceError) -> RPCServer {
        let connections = Connections()
        let dispatcher = dispatcher.intercepted(by: [ContextReceiver()] + interceptors)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelInitializer { $0.backOffAccepting() }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                Peer.of(channel).flatMap { peer in
                    guard peers.allows(peer) else {
                        logger.warning("refused a peer", metadata: ["pid": "\(peer.pid)", "uid": "\(peer.uid)"])
                        return channel.pipeline.addHandler(RefusalHandler(peer: peer))
                    }
                    return channel.eventLoop.makeCompletedFuture {
                        let handler = ServerConnectionHandler(
                            dispatcher: dispatcher, peer: peer, lineLimit: lineLimit, replyLimit: replyLimit,
                            eventLoop: channel.eventLoop)
                        connections.add(channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                }
            }
        do {
            let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            return RPCServer(channel: channel, connections: connections)
        } catch {
            throw ServiceError(.unavailable, "cannot listen on \(path): \(error)")
        }
    }

    /// Takes no new connection and ends the calls that stream; those that are open stay.
    package func stopListening() async {
        try? await channel.close().get()
        connections.forEach { _, handler in handler.value.cancelStreams() }
    }

    /// Closes every connection as soon as its last reply is out; a peer that does not read its reply is given two seconds.
    package func finish() async {
        await stopListening()
        let channels = connections.channels()
        connections.forEach { channel, handler in
            handler.value.finishUp()
            channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        }
        for channel in channels { try? await channel.closeFuture.get() }
    }

    /// Closes every connection; work under them is cancelled.
    package func close() async {
        await stopListening()
        for channel in connections.channels() { try? await channel.close().get() }
    }

    /// The open connections.
    private final class Connections: Sendable {
        private let open = Mutex<[ObjectIdentifier: (any Channel, NIOLoopBound<ServerConnectionHandler>)]>([:])

        func add(_ channel: any Channel, _ handler: NIOLoopBound<ServerConnectionHandler>) {
            let key = ObjectIdentifier(channel)
            open.withLock { $0[key] = (channel, handler) }
            channel.closeFuture.whenComplete { _ in
                self.open.withLock { $0[key] = nil }
            }
        }

        func channels() -> [any Channel] { open.withLock { $0.values.map(\.0) } }

        /// Calls `body` on each connection's own event loop.
        func forEach(_ body: @escaping @Sendable (any Channel, NIOLoopBound<ServerConnectionHandler>) -> Void) {
            for (channel, handler) in open.withLock({ Array($0.values) }) {
                channel.eventLoop.execute { body(channel, handler) }
            }
        }
    }
}
