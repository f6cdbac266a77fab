import NIOCore
import NIOPosix
import Synchronization

/// A server on the loopback interface that answers requests as a test says, byte by byte.
final class LoopbackServer: Sendable {
    /// What a client sent.
    struct Received: Sendable {
        /// The request line and the headers.
        var head: String
        var body: [UInt8]

        /// The target of the request line.
        var target: String { head.split(separator: " ").dropFirst().first.map(String.init) ?? "" }
    }

    /// What happens behind a request.
    enum Reply: Sendable {
        /// These bytes, and the connection stays open.
        case bytes(String)
        /// These bytes, which are no text.
        case raw([UInt8])
        /// These bytes, then the connection is closed.
        case last(String)
        /// Nothing; the continuation is told when the client goes away.
        case silence(AsyncStream<Void>.Continuation?)
    }

    let port: Int
    /// Requests that got silence for an answer.
    var waiting: Int { silent.value.withLock { $0 } }
    /// Connections that were opened, whatever came of them.
    var connections: Int { opened.value.withLock { $0 } }
    private let silent: Silence
    private let opened = Silence()

    /// A number that all connections count.
    private final class Silence: Sendable {
        let value = Mutex(0)
    }

    private let channel: any Channel

    init(_ answer: @escaping @Sendable (Received) -> Reply) async throws {
        let silent = Silence()
        self.silent = silent
        channel = try await ServerBootstrap(group: .singletonMultiThreadedEventLoopGroup)
            .childChannelInitializer { [opened] channel in
                opened.value.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Talk(answer, silent))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
    }

    func url(_ path: String) -> String { "http://127.0.0.1:\(port)\(path)" }

    func stop() async throws {
        try await channel.close()
    }

    private final class Talk: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let answer: @Sendable (Received) -> Reply
        private let silent: Silence
        private var buffer: [UInt8] = []
        private var gone: AsyncStream<Void>.Continuation?

        init(_ answer: @escaping @Sendable (Received) -> Reply, _ silent: Silence) {
            self.answer = answer
            self.silent = silent
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            buffer += Array(unwrapInboundIn(data).readableBytesView)
            while let received = next() {
                switch answer(received) {
                case .bytes(let text):
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
                case .raw(let bytes):
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
                case .last(let text):
                    let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                    context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)))
                        .whenComplete { _ in bound.value.close(promise: nil) }
                case .silence(let continuation):
                    silent.value.withLock { $0 += 1 }
                    gone = continuation
                }
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            gone?.yield()
            gone?.finish()
        }

        /// The next request whose body is complete.
        private func next() -> Received? {
            guard let end = buffer.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
            let head = String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
            let length =
                head.lowercased().split(whereSeparator: \.isNewline).first { $0.hasPrefix("content-length:") }
                .flatMap { Int($0.dropFirst(15).filter(\.isNumber)) } ?? 0
            guard buffer.count - end.upperBound >= length else { return nil }
            let body = Array(buffer[end.upperBound..<end.upperBound + length])
            buffer.removeSubrange(..<(end.upperBound + length))
            return Received(head: head, body: body)
        }
    }
}
