// SPDX-License-Identifier: Apache-2.0

/// One value of a JSON text that has been checked to its end: its kind, and where it is.
///
/// A value is read when it is decoded. The bytes belong to the caller of `JSONScanner.reading`, and must not be used after it returns.
struct TextNode {
    let bytes: UnsafeBufferPointer<UInt8>
    let kind: JSONScanner.Kind
    let range: Range<Int>

    /// Checks a whole text.
    ///
    /// - Throws: `SyntaxError` if it is not one JSON value.
    static func document(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONScanner.SyntaxError) -> TextNode {
        var scanner = JSONScanner(bytes)
        let node = try TextNode(next: &scanner, of: bytes)
        try scanner.finish()
        return node
    }

    /// The value of a text that has been checked, without white space around it.
    ///
    /// - Throws: `SyntaxError` if the text is empty or begins with what no value begins with.
    init(whole bytes: UnsafeBufferPointer<UInt8>) throws(JSONScanner.SyntaxError) {
        var scanner = JSONScanner(bytes)
        self.bytes = bytes
        kind = try scanner.peek()
        range = scanner.offset..<bytes.count
    }

    /// Consumes the next value.
    init(next scanner: inout JSONScanner, of bytes: UnsafeBufferPointer<UInt8>) throws(JSONScanner.SyntaxError) {
        self.bytes = bytes
        kind = try scanner.peek()
        range = try scanner.skipValue()
    }

    // MARK: - Values

    func value(at path: @autoclosure () -> [any CodingKey]) throws -> JSONValue {
        try reported(at: path()) { () throws(JSONScanner.SyntaxError) in
            var scanner = JSONScanner(bytes, at: range.lowerBound)
            return try JSONParser.value(&scanner, bytes, depth: 0)
        }
    }

    func string(at path: @autoclosure () -> [any CodingKey]) throws -> String {
        guard kind == .string else { throw mismatch(String.self, at: path()) }
        return try reported(at: path()) { () throws(JSONScanner.SyntaxError) in
            try JSONScanner(bytes).text(range.lowerBound + 1..<range.upperBound - 1)
        }
    }

    func bool(at path: @autoclosure () -> [any CodingKey]) throws -> Bool {
        guard kind == .bool else { throw mismatch(Bool.self, at: path()) }
        return bytes[range.lowerBound] == UInt8(ascii: "t")
    }

    func double(at path: @autoclosure () -> [any CodingKey]) throws -> Double {
        switch try number(Double.self, at: path()) {
        case .integer(let value): return Double(value)
        case .number(let value): return value
        default: throw mismatch(Double.self, at: path())
        }
    }

    /// A whole number, however it is written: `1`, `1.0` or `1e0`.
    func integer<T: FixedWidthInteger>(_ type: T.Type, at path: @autoclosure () -> [any CodingKey]) throws -> T {
        let whole: T?
        switch try number(type, at: path()) {
        case .integer(let value): whole = T(exactly: value)
        case .number(let value) where value.rounded() != value: throw mismatch(type, at: path())
        case .number(let value): whole = T(exactly: value)
        default: whole = nil
        }
        guard let whole else {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: path(), debugDescription: "a whole number, \(T.min) to \(T.max)"))
        }
        return whole
    }

    private func number(_ type: Any.Type, at path: @autoclosure () -> [any CodingKey]) throws -> JSONValue {
        guard kind == .number else { throw mismatch(type, at: path()) }
        return try reported(at: path()) { () throws(JSONScanner.SyntaxError) in try JSONNumber.value(bytes[range]) }
    }

    // MARK: - Errors

    /// The error for a value of another kind than `type`.
    func mismatch(_ type: Any.Type, at path: [any CodingKey]) -> DecodingError {
        let context = DecodingError.Context(codingPath: path, debugDescription: "expected \(type), found \(kind)")
        return kind == .null ? .valueNotFound(type, context) : .typeMismatch(type, context)
    }

    /// Runs `body`; its error has the coding path.
    private func reported<Result>(
        at path: @autoclosure () -> [any CodingKey], _ body: () throws(JSONScanner.SyntaxError) -> Result
    ) throws -> Result {
        do throws(JSONScanner.SyntaxError) {
            return try body()
        } catch {
            throw DecodingError.dataCorrupted(
                DecodingError.Context(codingPath: path(), debugDescription: error.expected))
        }
    }
}
