// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

extension JSONValue {
    /// Parses JSON text in one pass, in linear time.
    ///
    /// Accepts strict RFC 8259 in UTF-8, with or without a byte order mark, at most `JSONScanner.maximumDepth` levels deep. If a member
    /// name is repeated, the first value is used, as for types that `JSONCoding` decodes. A whole number that fits 64 bits becomes an
    /// `integer` however it is written: `1.0` and `1e0` are `1`.
    ///
    /// - Throws: `DecodingError.dataCorrupted` with the byte offset and what was expected there.
    package init(parsing text: Data) throws {
        self = try text.withUnsafeBytes { raw in
            try JSONScanner.reading(raw) { (bytes) throws(JSONScanner.SyntaxError) in
                var scanner = JSONScanner(bytes)
                let value = try JSONParser.value(&scanner, bytes, depth: 0)
                try scanner.finish()
                return value
            }
        }
    }
}

/// Builds values from text that has been validated as UTF-8.
enum JSONParser {
    /// Consumes the next value.
    static func value(
        _ scanner: inout JSONScanner, _ bytes: UnsafeBufferPointer<UInt8>, depth: Int
    ) throws(JSONScanner.SyntaxError) -> JSONValue {
        switch try scanner.peek() {
        case .null:
            try scanner.skipValue()
            return .null
        case .bool:
            return .bool(bytes[try scanner.skipValue().lowerBound] == UInt8(ascii: "t"))
        case .number:
            return try JSONNumber.value(bytes[try scanner.skipValue()])
        case .string:
            let range = try scanner.skipValue()
            return .string(try scanner.text(range.lowerBound + 1..<range.upperBound - 1))
        case .array:
            var elements: [JSONValue] = []
            try scanner.elements(depth: depth) { (scanner) throws(JSONScanner.SyntaxError) in
                elements.append(try value(&scanner, bytes, depth: depth + 1))
            }
            return .array(elements)
        case .object:
            var members: [String: JSONValue] = [:]
            try scanner.members(depth: depth) { (name, scanner) throws(JSONScanner.SyntaxError) in
                let key = try scanner.text(name)
                let member = try value(&scanner, bytes, depth: depth + 1)
                if members[key] == nil { members[key] = member }
            }
            return .object(members)
        }
    }
}
