// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import Untrusted

/// Splits a byte stream into lines while buffering at most one line's limit.
///
/// Lines end with `\n` or `\r\n`; empty lines are skipped.
///
/// ```swift
/// framer.append(bytes)
/// while let line = try framer.next() { process(line) }
/// ```
package struct LineFramer {
    /// A line exceeds the limit.
    package struct LineTooLong: Error, Equatable {
        /// The limit, in bytes.
        package let limit: Int
    }

    /// A line, or the ends of one that exceeds the limit.
    package enum Line: Equatable {
        case whole(ByteBuffer)
        /// The first and the last bytes of the line; those between were dropped as they arrived.
        case tooLong(head: ByteBuffer, tail: ByteBuffer)
    }

    /// The bytes that are retained of each end of a line that is too long.
    private static let retainedBytes = 4096

    /// The maximum bytes of a line without its terminator.
    package let limit: Int
    private var buffer = ByteBuffer()
    /// The bytes of `buffer` that are known to contain no newline.
    private var scanned = 0
    /// The first bytes of a line that is too long, while its remainder is being dropped.
    private var head: ByteBuffer?

    /// Creates a framer.
    ///
    /// - Parameter limit: the maximum bytes of a line without its terminator.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The bytes that are currently buffered.
    package var buffered: Int { buffer.readableBytes }

    /// Appends received bytes; call `next()` afterwards until it returns `nil`.
    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// Returns the next complete line without its terminator; `nil` if there is none yet.
    ///
    /// - Throws: `LineTooLong`; the stream cannot be used afterwards.
    package mutating func next() throws(LineTooLong) -> ByteBuffer? {
        guard let line = readLine() else {
            // One extra byte, which may be the \r of a terminator whose \n has not arrived.
            guard scanned <= limit + 1 else { throw LineTooLong(limit: limit) }
            return nil
        }
        guard line.readableBytes <= limit else { throw LineTooLong(limit: limit) }
        return line
    }

    /// Returns the next line; `nil` if there is none yet. A line that is too long is skipped, and the stream remains usable.
    package mutating func nextOrSkip() -> Line? {
        guard var line = readLine() else {
            guard head != nil || scanned > limit + 1 else { return nil }
            if head == nil { head = Self.head(of: buffer) }
            truncateToTail()
            return nil
        }
        guard head != nil || line.readableBytes > limit else { return .whole(line) }
        let head = self.head ?? Self.head(of: line)
        self.head = nil
        line.moveReaderIndex(forwardBy: max(line.readableBytes - Self.retainedBytes, 0))
        return .tooLong(head: head, tail: line)
    }

    /// Returns the last line of an ended stream if it has no terminator.
    ///
    /// - Throws: `LineTooLong`.
    package mutating func rest() throws(LineTooLong) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        guard buffer.readableBytes <= limit else { throw LineTooLong(limit: limit) }
        defer { buffer.clear() }
        return buffer
    }

    /// Consumes the next non-empty line with its terminator; `nil` if the buffer contains no complete line.
    private mutating func readLine() -> ByteBuffer? {
        while true {
            let length = buffer.withUnsafeReadableBytes { $0.firstIndex(of: UInt8(ascii: "\n"), from: scanned) }
            guard let length else {
                scanned = buffer.readableBytes
                if scanned == 0 { buffer.clear(minimumCapacity: 0) } else { buffer.discardReadBytes() }
                return nil
            }
            scanned = 0
            guard var line = buffer.readSlice(length: length) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            if line.readableBytes > 0 || head != nil { return line }
        }
    }

    private static func head(of line: ByteBuffer) -> ByteBuffer {
        ByteBuffer(bytes: line.readableBytesView.prefix(retainedBytes))
    }

    /// Drops all but the last buffered bytes.
    private mutating func truncateToTail() {
        guard buffer.readableBytes > Self.retainedBytes else { return }
        buffer = ByteBuffer(bytes: buffer.readableBytesView.suffix(Self.retainedBytes))
        scanned = buffer.readableBytes
    }
}
