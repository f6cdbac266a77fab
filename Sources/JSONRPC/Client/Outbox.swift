// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore

/// The lines of a client connection that are not sent yet.
///
/// Several lines are sent with one system call by the event loop. A single line is sent at once by the thread that writes it, which takes
/// less time than waking the event loop.
struct Outbox {
    /// A descriptor of the socket that only this outbox uses, so that it cannot be closed, and its number reused, during a call of `send`.
    private var socket: CInt?
    private var lines = ByteBuffer()
    /// Whether the event loop was asked to take the lines, or is writing those that it took.
    private var isTaken = false

    /// Starts to send lines on the thread that writes them.
    ///
    /// - Parameter socket: the connection's descriptor, which is duplicated.
    mutating func open(_ socket: CInt) {
        let own = fcntl(socket, F_DUPFD_CLOEXEC, 0)
        if own >= 0 { self.socket = own }
    }

    /// Discards the lines.
    mutating func close() {
        if let socket { Glibc.close(socket) }
        socket = nil
        lines = ByteBuffer()
    }

    /// Sends a line, or adds it to those that wait.
    ///
    /// - Parameter isSingle: whether no other line is likely to follow at once.
    /// - Returns: whether the event loop must take the lines.
    mutating func append(_ line: ByteBuffer, isSingle: Bool) -> Bool {
        var line = line
        if isSingle, !isTaken, lines.readableBytes == 0, let socket {
            let sent = line.withUnsafeReadableBytes {
                send(socket, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
            }
            // If the socket's buffer is full, the event loop sends the rest; it also meets any error.
            line.moveReaderIndex(forwardBy: max(sent, 0))
            if line.readableBytes == 0 { return false }
        }
        if lines.readableBytes == 0 { lines = line } else { lines.writeImmutableBuffer(line) }
        defer { isTaken = true }
        return !isTaken
    }

    /// Takes the lines that wait, on the event loop. `written` must be called after they are written.
    mutating func take() -> ByteBuffer {
        defer { lines = ByteBuffer() }
        return lines
    }

    /// Records that the event loop has written what it took.
    ///
    /// - Returns: whether it must take more lines.
    mutating func written() -> Bool {
        isTaken = lines.readableBytes > 0
        return isTaken
    }
}
