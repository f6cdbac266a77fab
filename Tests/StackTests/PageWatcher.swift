// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import JSON

/// A WebSocket connection to the page, frame by frame. Reads end as those of `RawPeer`.
final class PageWatcher {
    let peer: RawPeer

    /// - Parameters:
    ///   - query: `job=...&after_seq=...`
    ///   - receiveBuffer: Bytes that the kernel buffers for a watcher that does not read.
    /// - Throws: `unavailable` with the response if the page does not accept the connection.
    init(_ page: PageFixture, _ query: String = "", receiveBuffer: Int32? = nil) throws {
        peer = RawPeer(port: UInt16(page.port) ?? 0, receiveBuffer: receiveBuffer)
        peer.send(
            "GET /ws?\(query) HTTP/1.1\r\nHost: 127.0.0.1:\(page.port)\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n")
        let header = peer.readHeader()
        guard header.hasPrefix("HTTP/1.1 101") else {
            throw ServiceError(.unavailable, header + String(decoding: peer.read(), as: UTF8.self))
        }
    }

    /// The next frame; `nil` at the end of the connection.
    private func nextFrame() -> (opcode: UInt8, payload: [UInt8])? {
        let head = peer.read(exactly: 2)
        guard head.count == 2 else { return nil }
        var size = Int(head[1] & 127)
        if size >= 126 { size = peer.read(exactly: size == 126 ? 2 : 8).reduce(0) { $0 << 8 | Int($1) } }
        return (head[0] & 15, peer.read(exactly: size))
    }

    /// The next message; `nil` at the end of the connection.
    func next() throws -> JSONValue? {
        while let frame = nextFrame(), frame.opcode != 8 {
            if frame.opcode == 1 { return try JSONCoding.decode(JSONValue.self, from: Data(frame.payload)) }
        }
        return nil
    }

    /// The code of the frame that closes the connection; 0 if the connection ends without one.
    func closeCode() throws -> Int {
        while let frame = nextFrame() {
            if frame.opcode == 8 { return frame.payload.prefix(2).reduce(0) { $0 << 8 | Int($1) } }
        }
        return 0
    }

    /// The next message that matches; `nil` at the end of the connection.
    func next(where isMatch: (JSONValue) -> Bool) throws -> JSONValue? {
        while let message = try next() { if isMatch(message) { return message } }
        return nil
    }

    /// The bytes of a masked frame, as browsers send them.
    ///
    /// - Parameter count: Bytes of the payload, which are all `a`.
    static func frame(_ opcode: UInt8, _ count: Int) -> [UInt8] {
        [0x80 | opcode, 0x80 | UInt8(count), 0, 0, 0, 0] + [UInt8](repeating: 0x61, count: count)
    }
}
