import NIOCore
import NIOWebSocket

/// The WebSocket of a browser that watches: text goes out, nothing but control frames comes in.
///
/// What it does not read is bounded: a browser that is too far behind is sent away, to come back with what it saw last.
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

    func send(_ text: ByteBuffer) {
        guard channel.isWritable else {
            channel.close(promise: nil)
            return
        }
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: text), promise: nil)
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
