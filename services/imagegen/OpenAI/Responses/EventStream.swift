// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Reads a body of server-sent events (`text/event-stream`).
enum EventStream {
    private static let fieldPrefixes = ["event:", "data:", "id:", "retry:", ":"]

    /// Whether a body is an event stream, whatever its content type says.
    static func isEventStream(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        let first = bytes.drop { $0 <= 0x20 }.prefix(8)
        return fieldPrefixes.contains { first.starts(with: $0.utf8) }
    }

    /// Calls `body` with the name (empty if there is none) and the data of each event. Data on one line is not copied.
    static func read(_ bytes: UnsafeBufferPointer<UInt8>, _ body: (String, UnsafeBufferPointer<UInt8>) -> Void) {
        var name = ""
        var data: [Slice<UnsafeBufferPointer<UInt8>>] = []
        func dispatch() {
            defer { (name, data) = ("", []) }
            guard let first = data.first else { return }
            if data.count == 1 { return body(name, UnsafeBufferPointer(rebasing: first)) }
            Array(data.joined(separator: [UInt8(ascii: "\n")])).withUnsafeBufferPointer { body(name, $0) }
        }
        // Lines end with LF or CRLF, or with CR if there is no LF in the body.
        let lineEnd: UInt8 = bytes.contains(0x0A) ? 0x0A : 0x0D
        var start = 0
        while start < bytes.count {
            let end = Self.index(of: lineEnd, in: bytes, from: start) ?? bytes.count
            var line = bytes[start..<end]
            start = end + 1
            if line.last == 0x0D { line = line.dropLast() }
            guard !line.isEmpty else {
                dispatch()
                continue
            }
            let field = line.prefix { $0 != UInt8(ascii: ":") }
            var value = line[field.endIndex...].dropFirst()
            if value.first == 0x20 { value = value.dropFirst() }
            if field.elementsEqual("data".utf8) {
                data.append(value)
            } else if field.elementsEqual("event".utf8) {
                name = String(decoding: value.prefix(100), as: UTF8.self)
            }
        }
        // The last event may be cut off by the end of the stream; an incomplete image is detected later.
        dispatch()
    }

    /// Returns the data of the last event with data other than `[DONE]`; `nil` if the body is not an event stream.
    static func lastData(of body: Data) -> Data? {
        body.withUnsafeBytes { raw in
            let bytes = raw.bindMemory(to: UInt8.self)
            guard isEventStream(bytes) else { return nil }
            var last: Data?
            read(bytes) { _, data in
                if !data.elementsEqual("[DONE]".utf8) { last = Data(data) }
            }
            return last
        }
    }

    private static func index(of byte: UInt8, in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, let found = memchr(base + start, Int32(byte), bytes.count - start) else {
            return nil
        }
        return UnsafeRawPointer(base).distance(to: UnsafeRawPointer(found))
    }
}
