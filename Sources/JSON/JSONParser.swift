// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Untrusted

extension JSONValue {
    /// Parses JSON text in one pass, in linear time.
    ///
    /// Accepts strict RFC 8259 in UTF-8, with or without a byte order mark, at most `JSONScanner.maximumDepth` levels deep. If a member
    /// name is repeated, the first value is used, as for types that `JSONCoding` decodes. A whole number that fits 64 bits becomes an
    /// `integer` however it is written: `1.0` and `1e0` are `1`.
    ///
    /// - Throws: `DecodingError.dataCorrupted` with the byte offset and what was expected there.
    package init(parsing text: Data) throws {
        do {
            self = try text.withUnsafeBytes { raw throws(JSONScanner.SyntaxError) in
                var bytes = raw.bindMemory(to: UInt8.self)
                if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = UnsafeBufferPointer(rebasing: bytes.dropFirst(3)) }
                guard UnsafeRawBufferPointer(bytes).isASCII || String(validating: bytes, as: UTF8.self) != nil else {
                    throw JSONScanner.SyntaxError(offset: 0, expected: "UTF-8")
                }
                var parser = JSONParser(bytes)
                return try parser.document()
            }
        } catch let error as JSONScanner.SyntaxError {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(
                    codingPath: [], debugDescription: "not JSON at byte \(error.offset): expected \(error.expected)"))
        }
    }
}

/// Builds values from text that has been validated as UTF-8.
private struct JSONParser {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var scanner: JSONScanner

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
        scanner = JSONScanner(bytes)
    }

    mutating func document() throws(JSONScanner.SyntaxError) -> JSONValue {
        let value = try Self.value(&scanner, bytes, depth: 0)
        try scanner.finish()
        return value
    }

    private static func value(
        _ scanner: inout JSONScanner, _ bytes: UnsafeBufferPointer<UInt8>, depth: Int
    ) throws(JSONScanner.SyntaxError) -> JSONValue {
        switch try scanner.peek() {
        case .null:
            try scanner.skipValue()
            return .null
        case .bool:
            return .bool(bytes[try scanner.skipValue().lowerBound] == UInt8(ascii: "t"))
        case .number:
            return try number(try scanner.skipValue(), bytes)
        case .string:
            let range = try scanner.skipValue()
            return .string(try text(range.lowerBound + 1..<range.upperBound - 1, scanner))
        case .array:
            var elements: [JSONValue] = []
            try scanner.elements(depth: depth) { (scanner) throws(JSONScanner.SyntaxError) in
                elements.append(try value(&scanner, bytes, depth: depth + 1))
            }
            return .array(elements)
        case .object:
            var members: [String: JSONValue] = [:]
            try scanner.members(depth: depth) { (name, scanner) throws(JSONScanner.SyntaxError) in
                let key = try text(name, scanner)
                let member = try value(&scanner, bytes, depth: depth + 1)
                if members[key] == nil { members[key] = member }
            }
            return .object(members)
        }
    }

    private static func text(_ range: Range<Int>, _ scanner: JSONScanner) throws(JSONScanner.SyntaxError) -> String {
        guard let text = scanner.string(range) else {
            throw JSONScanner.SyntaxError(offset: range.lowerBound, expected: "both halves of a surrogate pair")
        }
        return text
    }

    private static func number(
        _ range: Range<Int>, _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(JSONScanner.SyntaxError) -> JSONValue {
        let isPlain = bytes[range].allSatisfy { $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
        if isPlain, let whole = JSONNumber.digits(bytes[range]) { return .integer(whole) }
        guard let number = Double(String(decoding: bytes[range], as: UTF8.self)), number.isFinite else {
            throw JSONScanner.SyntaxError(offset: range.lowerBound, expected: "a number that a double can hold")
        }
        guard !isPlain, let rounded = Int64(exactly: number) else { return .number(number) }
        // A double is not exact beyond 2^53, so use the digits.
        return .integer(JSONNumber.exact(bytes[range]) ?? rounded)
    }
}

/// Parses whole numbers from their digits.
private enum JSONNumber {
    /// Parses an optional minus sign and digits; `nil` for any other form, or if the number does not fit 64 bits.
    static func digits(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        let isNegative = text.first == UInt8(ascii: "-")
        var value: Int64 = 0
        for byte in isNegative ? text.dropFirst() : text {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte),
                let next = append(Int64(byte - UInt8(ascii: "0")), to: value, isNegative)
            else { return nil }
            value = next
        }
        return value
    }

    /// Parses a decimal with a fraction or an exponent; `nil` if it is not a whole number of 64 bits.
    static func exact(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
        var (digits, scale, isFraction): ([Int64], Int, Bool) = ([], 0, false)
        var rest = text
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        while let byte = rest.first, byte | 0x20 != UInt8(ascii: "e") {
            rest = rest.dropFirst()
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else {
                digits.append(Int64(byte - UInt8(ascii: "0")))
                if isFraction { scale -= 1 }
            }
        }
        if !rest.isEmpty {
            // A range check, since `abs` traps on `Int.min`.
            guard let exponent = Int(String(decoding: rest.dropFirst(), as: UTF8.self)),
                (-10_000...10_000).contains(exponent)
            else { return nil }
            scale += exponent
        }
        while scale < 0, digits.last == 0 {
            digits.removeLast()
            scale += 1
        }
        guard scale == 0 || digits.contains(where: { $0 != 0 }) else { return 0 }
        guard scale >= 0, scale < 20 else { return nil }
        var value: Int64 = 0
        for digit in digits + Array(repeating: 0, count: scale) {
            guard let next = append(digit, to: value, isNegative) else { return nil }
            value = next
        }
        return value
    }

    private static func append(_ digit: Int64, to value: Int64, _ isNegative: Bool) -> Int64? {
        let (shifted, overflow) = value.multipliedReportingOverflow(by: 10)
        let (next, overflowToo) =
            isNegative ? shifted.subtractingReportingOverflow(digit) : shifted.addingReportingOverflow(digit)
        return overflow || overflowToo ? nil : next
    }
}
