import NIOCore
import NIOWebSocket

/// The WebSocket of a browser that watches: text goes out, nothing but control frames comes in.
///
/// What is on its way to a browser is bounded by the channel's mark: who sends asks `isWritable` first, or waits.
struct WatchChannel: Sendable {
    enum End {
        /// Too far behind.
        case slow
        case unknownJob

        fileprivate var code: WebSocketErrorCode {
            switch self {
            case .slow: WebSocketErrorCode(codeNumber: 1013)
            case .unknownJob: WebSocketErrorCode(codeNumber: 4404)
            }
        }
    }

    let channel: any Channel

    /// Whether it has read enough to be sent more.
    var isWritable: Bool { channel.isWritable }

    func send(_ text: ByteBuffer) {
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: text), promise: nil)
    }

    /// Sends texts, and waits until they are on their way.
    ///
    /// - Returns: whether they were within that time; if not, the connection is closed.
    func send(_ texts: [ByteBuffer], within patience: Duration) async -> Bool {
        let channel = channel
        let clock = channel.eventLoop.scheduleTask(in: TimeAmount(patience)) { channel.close(promise: nil) }
        defer { clock.cancel() }
        for text in texts.dropLast() {
            channel.write(WebSocketFrame(fin: true, opcode: .text, data: text), promise: nil)
        }
        guard let last = texts.last else { return true }
        let written: Void? = try? await channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: last))
        return written != nil
    }

    func end(_ reason: End) {
        var data = channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: reason.code)
        let channel = channel
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
