package import NIOCore

/// Cuts a stream of bytes into lines, and never keeps more than the limit of one.
///
/// `\n` ends a line, `\r\n` too; empty lines are passed over.
package struct LineFramer {
    /// A line grew past the limit before it ended.
    package struct LineTooLong: Error, Equatable {
        package let limit: Int
    }

    /// A line, or what is known of one that is longer than the limit.
    package enum Line: Equatable {
        case whole(ByteBuffer)
        /// Its first and its last bytes; those between were dropped as they came.
        case tooLong(head: ByteBuffer, tail: ByteBuffer)
    }

    /// Bytes that are kept of each end of a line that is too long.
    private static let kept = 4096

    /// Bytes that a line may have, its end not counted.
    package let limit: Int
    private var buffer = ByteBuffer()
    /// How much of `buffer` is known to hold no newline.
    private var scanned = 0
    /// The head of a line that is too long, while its rest is being dropped.
    private var head: ByteBuffer?

    package init(limit: Int) {
        self.limit = limit
    }

    /// Bytes kept at the moment.
    package var buffered: Int { buffer.readableBytes }

    /// Takes what arrived; call `next()` until it gives nothing.
    package mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole line, without its end.
    ///
    /// - Throws: `LineTooLong`; the stream cannot be used any more.
    package mutating func next() throws(LineTooLong) -> ByteBuffer? {
        guard let line = cut() else {
            // One byte of grace for the \r of an end that is still on its way.
            guard scanned <= limit + 1 else { throw LineTooLong(limit: limit) }
            return nil
        }
        guard line.readableBytes <= limit else { throw LineTooLong(limit: limit) }
        return line
    }

    /// The next line; one that is too long is passed over, and the stream goes on after it.
    package mutating func nextOrSkip() -> Line? {
        guard var line = cut() else {
            guard head != nil || scanned > limit + 1 else { return nil }
            if head == nil { head = Self.head(of: buffer) }
            keepTail()
            return nil
        }
        guard head != nil || line.readableBytes > limit else { return .whole(line) }
        let head = self.head ?? Self.head(of: line)
        self.head = nil
        line.moveReaderIndex(forwardBy: max(line.readableBytes - Self.kept, 0))
        return .tooLong(head: head, tail: line)
    }

    /// What is left when the peer has ended its stream: a last line that it did not end with a newline.
    package mutating func rest() throws(LineTooLong) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        guard buffer.readableBytes <= limit else { throw LineTooLong(limit: limit) }
        defer { buffer.clear() }
        return buffer
    }

    /// Takes the next line that is not empty and passes its end; `nil` where the buffer holds none.
    private mutating func cut() -> ByteBuffer? {
        while true {
            let view = buffer.readableBytesView
            guard let end = view[(view.startIndex + scanned)...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = view.count
                if scanned == 0 { buffer.clear(minimumCapacity: 0) } else { buffer.discardReadBytes() }
                return nil
            }
            scanned = 0
            guard var line = buffer.readSlice(length: end - view.startIndex) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.last == UInt8(ascii: "\r") { line.moveWriterIndex(to: line.writerIndex - 1) }
            if line.readableBytes > 0 || head != nil { return line }
        }
    }

    private static func head(of line: ByteBuffer) -> ByteBuffer {
        ByteBuffer(bytes: line.readableBytesView.prefix(kept))
    }

    /// Drops all but the last bytes of what came.
    private mutating func keepTail() {
        guard buffer.readableBytes > Self.kept else { return }
        buffer = ByteBuffer(bytes: buffer.readableBytesView.suffix(Self.kept))
        scanned = buffer.readableBytes
    }
}
