// SPDX-License-Identifier: Apache-2.0

package import Faults
package import Logging
package import NIOCore
import NIOPosix
import Synchronization

/// A JSON-RPC 2.0 server on a Unix domain socket.
///
/// ```swift
/// struct Greeter: Dispatcher {
///     func answer(_ call: Call) async throws(ServiceError) -> Data { Data("\"hello\"".utf8) }
/// }
///
/// let server = try await RPCServer.listen(
///     path: "/tmp/greeter.sock", dispatcher: Greeter(), peers: PeerPolicy(), logger: Logger(label: "greeter"))
/// await server.finish()
/// ```
package final class RPCServer: Sendable {
    private let channel: any Channel
    private let connections: Connections
    private let group: any EventLoopGroup

    private init(channel: any Channel, connections: Connections, group: any EventLoopGroup) {
        self.channel = channel
        self.connections = connections
        self.group = group
    }

    /// Creates the socket and starts to accept connections.
    ///
    /// - Parameters:
    ///   - path: where the socket file is created; at most 103 bytes; no file may exist there.
    ///   - dispatcher: answers the calls.
    ///   - interceptors: wrap `dispatcher` in the call's context, the first one outermost.
    ///   - peers: which processes may connect.
    ///   - lineLimit: the maximum bytes of a request line.
    ///   - replyLimit: the maximum bytes of a reply, and of the unsent replies of a connection.
    ///   - observer: observes the lines of all connections.
    ///   - group: runs the connections.
    /// - Throws: `unavailable` if the socket cannot be created.
    package static func listen(
        path: String, dispatcher: any Dispatcher, interceptors: [any ServerInterceptor] = [], peers: PeerPolicy,
        lineLimit: Int = Wire.defaultLineLimit,
        replyLimit: Int = Wire.replyLimit, observer: (any LineObserver)? = nil,
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
    ) async throws(ServiceError) -> RPCServer {
        let connections = Connections()
        let dispatcher = dispatcher.intercepted(by: [ContextReceiver()] + interceptors)
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelInitializer { $0.addAcceptPauseHandler() }
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelInitializer { channel in
                channel.addHandler(for: peers, logger: logger) { peer in
                    let handler = ServerConnectionHandler(
                        dispatcher: dispatcher, peer: peer, lineLimit: lineLimit, replyLimit: replyLimit,
                        eventLoop: channel.eventLoop, observer: observer)
                    handler.number = connections.add(
                        channel, NIOLoopBound(handler, eventLoop: channel.eventLoop))
                    return handler
                }
            }
        do {
            let channel = try await bootstrap.bind(unixDomainSocketPath: path).get()
            return RPCServer(channel: channel, connections: connections, group: group)
        } catch {
            throw ServiceError(.unavailable, "cannot listen on \(path): \(error)")
        }
    }

    /// Returns when every event loop has run a task: at once, unless one of them hangs.
    package func waitForEventLoops() async {
        for loop in group.makeIterator() { try? await loop.submit {}.get() }
    }

    /// Accepts no new connections and cancels streaming calls. Open connections remain open.
    package func stopListening() async {
        try? await channel.close().get()
        connections.forEach { _, handler in handler.value.cancelStreams() }
    }

    /// Stops listening and closes each connection once its last reply is sent, after two seconds at the latest.
    package func finish() async {
        await stopListening()
        let channels = connections.channels()
        connections.forEach { channel, handler in
            handler.value.closeAfterReplies()
            channel.eventLoop.scheduleTask(in: .seconds(2)) { channel.close(promise: nil) }
        }
        for channel in channels { try? await channel.closeFuture.get() }
    }

    /// Stops listening, closes all connections and cancels their calls.
    package func close() async {
        await stopListening()
        for channel in connections.channels() { try? await channel.close().get() }
    }

    /// Reports the calls that have not ended.
    ///
    /// - Parameter report: is called for each open connection, on its event loop, between two of its lines.
    /// - Returns: the number of the next connection: those with lower numbers report, if they are still open.
    package func reportUnfinished(_ report: @escaping @Sendable (UnfinishedRequests) -> Void) -> Int {
        connections.forEach { _, handler in report(handler.value.unfinishedRequests()) }
    }

    /// The open connections.
    private final class Connections: Sendable {
        private struct State {
            var open: [Int: (any Channel, NIOLoopBound<ServerConnectionHandler>)] = [:]
            var next = 1
        }

        private let state = Mutex(State())

        /// Adds a connection.
        ///
        /// - Returns: its number.
        func add(_ channel: any Channel, _ handler: NIOLoopBound<ServerConnectionHandler>) -> Int {
            let number = state.withLock { state in
                defer { state.next += 1 }
                state.open[state.next] = (channel, handler)
                return state.next
            }
            channel.closeFuture.whenComplete { _ in
                self.state.withLock { $0.open[number] = nil }
            }
            return number
        }

        func channels() -> [any Channel] { state.withLock { $0.open.values.map(\.0) } }

        /// Calls `body` on each connection's own event loop.
        ///
        /// - Returns: the number of the next connection.
        @discardableResult
        func forEach(
            _ body: @escaping @Sendable (any Channel, NIOLoopBound<ServerConnectionHandler>) -> Void
        ) -> Int {
            let (open, next) = state.withLock { (Array($0.open.values), $0.next) }
            for (channel, handler) in open { channel.eventLoop.execute { body(channel, handler) } }
            return next
        }
    }
}
