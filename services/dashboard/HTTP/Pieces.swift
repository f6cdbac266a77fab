import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Bytes of a body that lie elsewhere: the next piece is asked for when the one before is on its way to the browser.
struct Pieces: Sendable {
    /// Bytes of one piece.
    private static let size: Int64 = 2 << 20
    /// Bytes of it that go out at a time.
    private static let sent = 524_288

    /// Of the bytes that are wanted.
    let range: Range<Int64>
    /// Brings those of a part of it.
    let read: @Sendable (Range<Int64>) async throws -> Data

    /// -> whether all went out, each part within the time; if not, the connection is to be closed.
    func send(to channel: any Channel, within patience: Duration) async -> Bool {
        var start = range.lowerBound
        while start < range.upperBound {
            let part = start..<min(start + Self.size, range.upperBound)
            guard let bytes = try? await read(part), bytes.count == part.count else { return false }
            var rest = ByteBuffer(bytes: bytes)
            while let some = rest.readSlice(length: min(rest.readableBytes, Self.sent)), some.readableBytes > 0 {
                let clock = channel.eventLoop.scheduleTask(in: TimeAmount(patience)) { channel.close(promise: nil) }
                defer { clock.cancel() }
                let body = HTTPServerResponsePart.body(.byteBuffer(some))
                guard (try? await channel.writeAndFlush(body)) != nil else { return false }
            }
            start = part.upperBound
        }
        return true
    }
}
