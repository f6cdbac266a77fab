// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import JSONRPC

@Suite(.timeLimit(.minutes(1))) struct LineFramerTests {
    private func lines(_ chunks: [String], limit: Int = 64) throws -> [String] {
        var framer = LineFramer(limit: limit)
        var found: [String] = []
        for chunk in chunks {
            framer.append(ByteBuffer(string: chunk))
            while let line = try framer.next() { found.append(String(buffer: line)) }
        }
        return found
    }

    @Test
    func `lines are reassembled for every chunk size`() throws {
        let text = "{\"a\":1}\n\r\n\n{\"b\":2}\r\n{\"c\":\"é\"}\n"
        let bytes = Array(text.utf8)
        for size in 1...bytes.count {
            var framer = LineFramer(limit: 64)
            var found: [String] = []
            for start in stride(from: 0, to: bytes.count, by: size) {
                framer.append(ByteBuffer(bytes: bytes[start..<min(start + size, bytes.count)]))
                while let line = try framer.next() { found.append(String(buffer: line)) }
            }
            #expect(found == ["{\"a\":1}", "{\"b\":2}", "{\"c\":\"é\"}"])
        }
    }

    @Test
    func `a line of exactly the limit is accepted with either terminator`() throws {
        let line = String(repeating: "x", count: 64)
        #expect(try lines([line + "\n", line + "\r\n"]) == [line, line])
    }

    @Test
    func `a line beyond the limit is rejected, terminated or not`() {
        #expect(throws: LineFramer.LineTooLong(limit: 64)) { try lines([String(repeating: "x", count: 65) + "\n"]) }
        #expect(throws: LineFramer.LineTooLong(limit: 64)) {
            try lines(Array(repeating: "0123456789", count: 100))
        }
    }

    @Test
    func `the last line of a stream needs no terminator`() throws {
        var framer = LineFramer(limit: 64)
        framer.append(ByteBuffer(string: "{}\n{\"x\":1}"))
        #expect(try framer.next().map { String(buffer: $0) } == "{}")
        #expect(try framer.next() == nil)
        #expect(try framer.rest().map { String(buffer: $0) } == "{\"x\":1}")
        #expect(try framer.rest() == nil)
    }

    @Test(arguments: [1, 7, 100_000])
    func `a line that is too long can be skipped: its ends are retained and the stream continues`(_ step: Int) {
        var framer = LineFramer(limit: 10_000)
        let long = "{\"id\":7,\"x\":\"" + String(repeating: "y", count: 50_000) + "\",\"id\":8}"
        let text = Array("first\n\(long)\r\n\nlast\n".utf8)
        var lines: [LineFramer.Line] = []
        for start in stride(from: 0, to: text.count, by: step) {
            framer.append(ByteBuffer(bytes: text[start..<min(start + step, text.count)]))
            while let line = framer.nextOrSkip() { lines.append(line) }
            #expect(framer.buffered <= 10_002 + step)
        }
        #expect(lines.count == 3)
        #expect(lines.first == .whole(ByteBuffer(string: "first")) && lines.last == .whole(ByteBuffer(string: "last")))
        guard case .tooLong(let head, let tail)? = lines.dropFirst().first else {
            Issue.record("\(lines.count)")
            return
        }
        #expect(OversizedLine.id(head: head, tail: tail) == .number("7"))
        #expect(OversizedLine.id(head: ByteBuffer(string: "{\"result\":\"yyy"), tail: tail) == .number("8"))
        #expect(
            OversizedLine.id(head: ByteBuffer(string: "{\"result\":\"yyy"), tail: ByteBuffer(string: "y\"}")) == nil)
    }
}
