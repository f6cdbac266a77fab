// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
import NIOHTTP1

/// A response body that is read on demand: the next chunk is requested when the previous one has been written to the socket.
struct BodyChunks: Sendable {
    /// Bytes of one read.
    private static let readSize: Int64 = 2 << 20
    /// Bytes of one write.
    private static let writeSize = 524_288

    /// The bytes to send.
    let range: Range<Int64>
    /// Reads a part of `range`.
    let read: @Sendable (Range<Int64>) async throws -> Data

    /// Sends all chunks.
    ///
    /// - Parameter timeout: the longest time for one write.
    /// - Returns: `false` if reading failed or the client stalled; the connection must be closed then.
    func send(to channel: any Channel, timeout: Duration) async -> Bool {
        var start = range.lowerBound
        while start < range.upperBound {
            let part = start..<min(start + Self.readSize, range.upperBound)
            guard let bytes = try? await read(part), bytes.count == part.count else { return false }
            var rest = ByteBuffer(bytes: bytes)
            while let some = rest.readSlice(length: min(rest.readableBytes, Self.writeSize)), some.readableBytes > 0 {
                let timer = channel.eventLoop.scheduleTask(in: TimeAmount(timeout)) { channel.close(promise: nil) }
                defer { timer.cancel() }
                let body = HTTPServerResponsePart.body(.byteBuffer(some))
                guard (try? await channel.writeAndFlush(body)) != nil else { return false }
            }
            start = part.upperBound
        }
        return true
    }
}
