// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Writes JSON text on one line: members sorted by name, slashes unescaped.
struct JSONWriter {
    private(set) var bytes: [UInt8] = []

    init() {
        bytes.reserveCapacity(256)
    }

    mutating func write(_ node: EncodedNode) {
        switch node.content {
        case .none: write(literal: "null")
        case .value(let value): write(value)
        case .array(let elements): writeArray(elements) { $0.write($1) }
        case .object(let members):
            var sorted = members
            sorted.sort { $0.name < $1.name }
            // Sorting is stable: of equal names the last one is written.
            let last = sorted.indices.filter { $0 + 1 == sorted.count || sorted[$0].name != sorted[$0 + 1].name }
            writeObject(last.map { sorted[$0] }) { $0.write($1) }
        }
    }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: write(literal: "null")
        case .bool(let value): write(literal: value ? "true" : "false")
        case .integer(let value): bytes += "\(value)".utf8
        case .number(let value): write(value)
        case .string(let value): write(value)
        case .array(let elements): writeArray(elements) { $0.write($1) }
        case .object(let members):
            writeObject(members.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }) { $0.write($1) }
        }
    }

    private mutating func writeArray<Element>(_ elements: [Element], _ body: (inout JSONWriter, Element) -> Void) {
        bytes.append(UInt8(ascii: "["))
        for (index, element) in elements.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            body(&self, element)
        }
        bytes.append(UInt8(ascii: "]"))
    }

    private mutating func writeObject<Value>(
        _ members: [(String, Value)], _ body: (inout JSONWriter, Value) -> Void
    ) {
        bytes.append(UInt8(ascii: "{"))
        for (index, member) in members.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            write(member.0)
            bytes.append(UInt8(ascii: ":"))
            body(&self, member.1)
        }
        bytes.append(UInt8(ascii: "}"))
    }

    private mutating func write(literal text: StaticString) {
        bytes += UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount)
    }

    /// Writes a finite number in the fewest digits that give the same double; whole numbers without a fraction.
    private mutating func write(_ number: Double) {
        let text = "\(number)"
        bytes += text.hasSuffix(".0") ? text.dropLast(2).utf8[...] : text.utf8[...]
    }

    private mutating func write(_ text: String) {
        var text = text
        bytes.append(UInt8(ascii: "\""))
        text.withUTF8 { writeEscaped($0) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func writeEscaped(_ text: UnsafeBufferPointer<UInt8>) {
        var start = 0
        var index = 0
        while true {
            index = UnsafeRawBufferPointer(text).endOfPlainText(from: index)
            bytes += UnsafeBufferPointer(rebasing: text[start..<index])
            guard index < text.count else { return }
            writeEscape(text[index])
            index += 1
            start = index
        }
    }

    private mutating func writeEscape(_ byte: UInt8) {
        bytes.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes.append(byte)
        case 0x08: bytes.append(UInt8(ascii: "b"))
        case 0x09: bytes.append(UInt8(ascii: "t"))
        case 0x0A: bytes.append(UInt8(ascii: "n"))
        case 0x0C: bytes.append(UInt8(ascii: "f"))
        case 0x0D: bytes.append(UInt8(ascii: "r"))
        default:
            let digits = Array("0123456789abcdef".utf8)
            bytes += [
                UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"), digits[Int(byte >> 4)], digits[Int(byte & 15)],
            ]
        }
    }
}
