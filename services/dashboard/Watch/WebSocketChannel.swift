// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOWebSocket

/// The WebSocket of a watching client: text goes out, only control frames come in.
///
/// The channel's high-water mark bounds the unsent bytes: check `isWritable` before `send(_:)`, or use `send(_:timeout:)`.
struct WebSocketChannel: Sendable {
    /// Why the server closes a WebSocket.
    enum CloseReason {
        /// The client is behind the stored history and has to reconnect.
        case behindHistory
        case unknownJob

        fileprivate var code: WebSocketErrorCode {
            switch self {
            case .behindHistory: WebSocketErrorCode(codeNumber: 1013)
            case .unknownJob: WebSocketErrorCode(codeNumber: 4404)
            }
        }
    }

    let channel: any Channel

    /// Whether the client has read enough to be sent more.
    var isWritable: Bool { channel.isWritable }

    /// Sends a text without waiting.
    func send(_ text: ByteBuffer) {
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: text), promise: nil)
    }

    /// Sends texts and waits until they are written to the socket.
    ///
    /// - Parameter timeout: the longest time to wait; the connection is closed then.
    /// - Returns: `false` if the connection is closed.
    func send(_ texts: [ByteBuffer], timeout: Duration) async -> Bool {
        let channel = channel
        let timer = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
        defer { timer.cancel() }
        for text in texts.dropLast() {
            channel.write(WebSocketFrame(fin: true, opcode: .text, data: text), promise: nil)
        }
        guard let last = texts.last else { return true }
        let written: Void? = try? await channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .text, data: last))
        return written != nil
    }

    /// Closes the WebSocket with the code of a reason.
    func close(_ reason: CloseReason) {
        var data = channel.allocator.buffer(capacity: 2)
        data.write(webSocketErrorCode: reason.code)
        let channel = channel
        channel.writeAndFlush(WebSocketFrame(fin: true, opcode: .connectionClose, data: data)).whenComplete { _ in
            channel.close(promise: nil)
        }
    }
}
