// SPDX-License-Identifier: Apache-2.0

import Glibc
import NIOCore
import Testing

@testable import JSONRPC

/// Lines that a caller sends itself, and those that it leaves to the event loop.
@Suite(.timeLimit(.minutes(1))) struct OutboxTests {
    /// Runs `body` with an outbox on one end of a socket pair, and the other end.
    private func withOutbox(_ body: (inout Outbox, CInt) throws -> Void) throws {
        var pair: [CInt] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        var outbox = Outbox()
        outbox.open(pair[0])
        // Its own descriptor: it still sends.
        close(pair[0])
        defer { close(pair[1]) }
        try body(&outbox, pair[1])
        outbox.close()
        var byte: UInt8 = 0
        while true {
            let count = recv(pair[1], &byte, 1, Int32(MSG_DONTWAIT))
            if count <= 0 {
                #expect(count == 0, "the socket is still open")
                break
            }
        }
    }

    /// What has arrived at the other end.
    private func received(_ socket: CInt) -> String {
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        return String(decoding: buffer.prefix(max(count, 0)), as: UTF8.self)
    }

    @Test
    func `a single line is sent at once`() throws {
        try withOutbox { outbox, peer in
            for line in ["one\n", "two\n"] {
                let wakes = outbox.append(ByteBuffer(string: line), isSingle: true)
                #expect(!wakes && received(peer) == line)
            }
        }
    }

    @Test
    func `lines that follow each other are taken together, in order, and none is sent past them`() throws {
        try withOutbox { outbox, peer in
            // The event loop is woken for the first one only.
            let wakes = [
                outbox.append(ByteBuffer(string: "one\n"), isSingle: false),
                outbox.append(ByteBuffer(string: "two\n"), isSingle: false),
                outbox.append(ByteBuffer(string: "three\n"), isSingle: true),
            ]
            #expect(wakes == [true, false, false] && received(peer) == "")
            let first = outbox.take()
            #expect(String(buffer: first) == "one\ntwo\nthree\n")
            // While it writes them, lines wait.
            let wakesAgain = outbox.append(ByteBuffer(string: "four\n"), isSingle: true)
            let hasMore = outbox.written()
            let second = outbox.take()
            #expect(!wakesAgain && hasMore && String(buffer: second) == "four\n")
            let hasYetMore = outbox.written()
            let wakesAtTheEnd = outbox.append(ByteBuffer(string: "five\n"), isSingle: true)
            #expect(!hasYetMore && !wakesAtTheEnd && received(peer) == "five\n")
        }
    }

    @Test
    func `what does not fit into the socket's buffer is left to the event loop`() throws {
        try withOutbox { outbox, peer in
            let line = String(repeating: "x", count: 4 << 20) + "\n"
            let wakes = outbox.append(ByteBuffer(string: line), isSingle: true)
            #expect(wakes)
            let sent = received(peer)
            let rest = String(buffer: outbox.take())
            #expect(!sent.isEmpty && !rest.isEmpty && rest.last == "\n")
            var total = sent.utf8.count + rest.utf8.count
            while case let more = received(peer).utf8.count, more > 0 { total += more }
            #expect(total == line.utf8.count)
        }
    }

    @Test
    func `a closed outbox sends nothing`() throws {
        try withOutbox { outbox, peer in
            outbox.close()
            _ = outbox.append(ByteBuffer(string: "late\n"), isSingle: true)
            #expect(received(peer) == "")
        }
    }
}
