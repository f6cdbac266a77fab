import FoundationEssentials
import NIOCore
import NIOHTTP1

/// Bytes of a body that lie elsewhere: the next piece is asked for when the one before is on its way to the browser.
struct Pieces: Sendable {
    /// Bytes of one piece.
    private static let size: Int64 = 2 << 20

    /// Of the bytes that are wanted.
    let range: Range<Int64>
    /// Brings those of a part of it.
    let read: @Sendable (Range<Int64>) async throws -> Data

    /// -> whether all went out.
    func send(to channel: any Channel) async -> Bool {
        var start = range.lowerBound
        while start < range.upperBound {
            let part = start..<min(start + Self.size, range.upperBound)
            guard let bytes = try? await read(part), bytes.count == part.count else { return false }
            let body = HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: bytes)))
            guard (try? await channel.writeAndFlush(body)) != nil else { return false }
            start = part.upperBound
        }
        return true
    }
}
