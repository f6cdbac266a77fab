// SPDX-License-Identifier: Apache-2.0

import Faults
import JSONRPC
import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import Synchronization

/// The HTTP/1.1 and WebSocket server, with a limit on connections.
struct WebServer: Sendable {
    let site: Site
    let broadcaster: StatusBroadcaster
    let settings: DashboardSettings
    let logger: Logger

    /// Bytes of the kernel's send buffer of a watcher.
    private static let sendBuffer: ChannelOptions.Types.SocketOption.Value = 65_536

    /// Bounds of a request's header.
    static let limits = {
        var limits = NIOHTTPDecoderLimitConfiguration()
        limits.maxHeaderFieldSize = 16_384
        limits.maxHeaderListSize = 65_536
        limits.maxHeaderFieldCount = 100
        return limits
    }()

    /// The number of open connections.
    private final class ConnectionCount: Sendable {
        let value = Atomic<Int>(0)
    }

    /// Binds the configured address and starts to accept connections.
    ///
    /// - Returns: the listening channel.
    /// - Throws: `unavailable` that names the address.
    func listen() async throws -> any Channel {
        let count = ConnectionCount()
        do {
            return try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.backlog, value: 1024)
                .serverChannelInitializer { $0.addAcceptPauseHandler() }
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(
                    .writeBufferWaterMark,
                    value: .init(low: settings.bounds.backlog / 2, high: settings.bounds.backlog)
                )
                .childChannelInitializer { channel in
                    let number = count.value.add(1, ordering: .relaxed).newValue
                    channel.closeFuture.whenComplete { _ in count.value.subtract(1, ordering: .relaxed) }
                    guard number <= settings.bounds.connections else { return Self.refuse(channel) }
                    return channel.eventLoop.makeCompletedFuture { try add(to: channel) }
                }
                .bind(host: settings.host, port: settings.port).get()
        } catch {
            throw ServiceError(
                .unavailable,
                "cannot listen on \(settings.host):\(settings.port) (\(error)): set UNDERSTUDY_DASHBOARD_LISTEN to another address or port"
            )
        }
    }

    private func add(to channel: any Channel) throws {
        let exchange = ExchangeHandler(site, settings.bounds)
        let upgrader = NIOWebSocketServerUpgrader(
            maxFrameSize: 4096,
            shouldUpgrade: { channel, head in
                channel.eventLoop.makeSucceededFuture(isAcceptable(head) ? [:] : nil)
            },
            upgradePipelineHandler: { channel, head in
                channel.eventLoop.makeCompletedFuture {
                    let query = try WatchQuery(WebRequest(head))
                    // A small buffer: unread messages must be noticed here, not accumulate in the kernel.
                    try channel.syncOptions?.setOption(.socketOption(.so_sndbuf), value: Self.sendBuffer)
                    try channel.pipeline.syncOperations.addHandler(
                        WebSocketHandler(broadcaster, query, stallTimeout: settings.bounds.stall))
                }
            })
        let bound = NIOLoopBound(exchange, eventLoop: channel.eventLoop)
        // The pipeline of `configureHTTPServerPipeline`, with `StreamSafeHeaders`. `ExchangeHandler` answers parser errors.
        let encoder = HTTPResponseEncoder()
        let http: [any RemovableChannelHandler] = [
            ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .forwardBytes, limitConfiguration: Self.limits)),
            HTTPServerPipelineHandler(), NIOHTTPResponseHeadersValidator(), StreamSafeHeaders(),
        ]
        let upgrade = HTTPServerUpgradeHandler(
            upgraders: [upgrader], httpEncoder: encoder, extraHTTPHandlers: http
        ) { context in
            context.pipeline.syncOperations.removeHandler(bound.value, promise: nil)
        }
        try channel.pipeline.syncOperations.addHandlers([encoder] + http + [upgrade, exchange])
    }

    /// Whether an upgrade is accepted; otherwise the request is answered over HTTP.
    private func isAcceptable(_ head: HTTPRequestHead) -> Bool {
        guard let request = try? WebRequest(head), request.path == WatchQuery.path,
            (try? WatchQuery(request)) != nil
        else { return false }
        return (try? site.access.check(request, isUpgrade: true)) != nil
    }

    private static func refuse(_ channel: any Channel) -> EventLoopFuture<Void> {
        let text =
            "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 5\r\nConnection: close\r\n\r\n"
        // Deferred until the channel is registered and active.
        channel.eventLoop.execute {
            channel.writeAndFlush(ByteBuffer(string: text)).whenComplete { _ in channel.close(promise: nil) }
        }
        return channel.eventLoop.makeSucceededVoidFuture()
    }
}
