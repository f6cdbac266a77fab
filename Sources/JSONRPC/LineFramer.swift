package import NIOCore

/// Cuts a stream of bytes into lines, and never keeps more than the limit of one.
///
/// `\n` ends a line, `\r\n` too; empty lines are passed over.
package struct LineFramer {
    /// A line grew past the limit before it ended.
    package struct LineTooLong: Error, Equatable {
        package let limit: Int
    }

    /// Bytes that a line may have, its end not counted.
    package let limit: Int
    private var buffer = ByteBuffer()
    /// How much of `buffer` is known to hold no newline.
    private var scanned = 0

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
        while true {
            let view = buffer.readableBytesView
            guard let end = view[(view.startIndex + scanned)...].firstIndex(of: UInt8(ascii: "\n")) else {
                scanned = view.count
                // One byte of grace for the \r of an end that is still on its way.
                guard scanned <= limit + 1 else { throw LineTooLong(limit: limit) }
                if scanned == 0 { buffer.clear(minimumCapacity: 0) } else { buffer.discardReadBytes() }
                return nil
            }
            scanned = 0
            guard var line = buffer.readSlice(length: end - view.startIndex) else { return nil }
            buffer.moveReaderIndex(forwardBy: 1)
            if line.readableBytesView.last == UInt8(ascii: "\r") {
                line.moveWriterIndex(to: line.writerIndex - 1)
            }
            guard line.readableBytes <= limit else { throw LineTooLong(limit: limit) }
            if line.readableBytes > 0 { return line }
        }
    }

    /// What is left when the peer has ended its stream: a last line that it did not end with a newline.
    package mutating func rest() throws(LineTooLong) -> ByteBuffer? {
        guard buffer.readableBytes > 0 else { return nil }
        guard buffer.readableBytes <= limit else { throw LineTooLong(limit: limit) }
        defer { buffer.clear() }
        return buffer
    }
}
