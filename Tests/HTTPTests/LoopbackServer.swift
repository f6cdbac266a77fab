// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server on the loopback interface whose replies a test scripts byte by byte.
final class LoopbackServer: Sendable {
    /// A request that a client sent.
    struct ReceivedRequest: Sendable {
        /// The request line and the header lines.
        var head: String
        var body: [UInt8]

        /// The target of the request line.
        var target: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    }

    /// The server's reaction to a request.
    enum Reply: Sendable {
        /// Sends these bytes and leaves the connection open.
        case bytes(String)
        /// Sends these bytes, which are not text.
        case raw([UInt8])
        /// Sends these bytes and closes the connection.
        case bytesThenClose(String)
        /// Sends nothing; the continuation yields when the client disconnects.
        case silence(AsyncStream<Void>.Continuation?)
    }

    let port: Int
    /// The number of requests with the reply `silence`.
    var silentRequestCount: Int { silentRequests.value.withLock { $0 } }
    /// The number of accepted connections.
    var connectionCount: Int { connections.value.withLock { $0 } }
    private let silentRequests: Counter
    private let connections = Counter()

    /// A counter that all connections share.
    private final class Counter: Sendable {
        let value = Mutex(0)
    }

    private let channel: any Channel

    init(_ reply: @escaping @Sendable (ReceivedRequest) -> Reply) async throws {
        let silentRequests = Counter()
        self.silentRequests = silentRequests
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { [connections] channel in
                connections.value.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(RequestHandler(reply, silentRequests))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    /// Waits until `count` requests got the reply `silence`, for at most 30 seconds.
    func waitForSilentRequests(_ count: Int) async throws {
        let deadline = ContinuousClock.now + .seconds(30)
        while silentRequestCount < count {
            guard .now < deadline else { throw TooFewRequests(count: silentRequestCount) }
            try await Task.sleep(for: .milliseconds(5))
        }
    }

    struct TooFewRequests: Error {
        let count: Int
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() async throws {
        try await channel.close()
    }

    private final class RequestHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let reply: @Sendable (ReceivedRequest) -> Reply
        private let silentRequests: Counter
        private var buffer: [UInt8] = []
        private var disconnection: AsyncStream<Void>.Continuation?

        init(_ reply: @escaping @Sendable (ReceivedRequest) -> Reply, _ silentRequests: Counter) {
            self.reply = reply
            self.silentRequests = silentRequests
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            buffer += Array(unwrapInboundIn(data).readableBytesView)
            while let request = nextRequest() {
                switch reply(request) {
                case .bytes(let text):
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .raw(let bytes):
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
                case .bytesThenClose(let text):
                    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
                        .whenComplete { _ in bound.value.close(promise: nil) }
                case .silence(let continuation):
                    silentRequests.value.withLock { $0 += 1 }
                    disconnection = continuation
                }
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            disconnection?.yield()
            disconnection?.finish()
        }

        /// Removes the next complete request from the buffer.
        private func nextRequest() -> ReceivedRequest? {
            guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            let length =
                head.lowercased().split(whereSeparator: \.isNewline).first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
            guard buffer.count - end.upperBound >= length else { return nil }
            let body = Array(buffer[end.upperBound..<end.upperBound + length])
            buffer.removeSubrange(..<(end.upperBound + length))
            return ReceivedRequest(head: head, body: body)
        }
    }
}
