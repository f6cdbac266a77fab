import Faults
import Foundation
import JSON

/// A WebSocket of the page, frame by frame.
final class PageWatcher {
    let peer: RawPeer

    /// - Parameters:
    ///   - query: `job=...&after_seq=...`
    ///   - window: bytes that the system takes in for a watcher that does not read.
    init(_ page: PageScene, _ query: String = "", window: Int32? = nil) throws {
        peer = RawPeer(port: UInt16(page.port) ?? 0, window: window)
        peer.send(
            "GET /ws?\(query) HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        let header = peer.readHeader()
        guard header.hasPrefix("HTTP/1.1 101") else {
            throw ServiceError(.unavailable, header + String(decoding: peer.read(), as: UTF8.self))
        }
    }

    /// The next text; `nil` at the end.
    func next() throws -> JSONValue? {
        while true {
            let head = peer.read(exactly: 2)
            guard head.count == 2 else { return nil }
            var size = Int(head[1] & 127)
            if size >= 126 { size = peer.read(exactly: size == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) } }
            let data = peer.read(exactly: size)
            switch head[0] & 15 {
            case 1: return try JSONCoding.decode(JSONValue.self, from: Data(data))
            case 8: return nil
            default: break
            }
        }
    }

    /// The code of the frame that closes the connection; 0 for none.
    func closeCode() throws -> Int {
        while true {
            let head = peer.read(exactly: 2)
            guard head.count == 2 else { return 0 }
            var size = Int(head[1] & 127)
            if size >= 126 { size = peer.read(exactly: size == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) } }
            let data = peer.read(exactly: size)
            if head[0] & 15 == 8 { return data.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
        }
    }

    /// The next one that is meant.
    func next(where isMeant: (JSONValue) -> Bool) throws -> JSONValue? {
        while let text = try next() { if isMeant(text) { return text } }
        return nil
    }

    /// A frame as browsers send it.
    static func frame(_ opcode: UInt8, _ count: Int) -> [UInt8] {
        [0x80 | opcode, 0x80 | UInt8(count), 0, 0, 0, 0] + [UInt8](repeating: 0x61, count: count)
    }
}
