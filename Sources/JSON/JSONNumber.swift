// SPDX-License-Identifier: Apache-2.0

/// Parses numbers.
enum JSONNumber {
    /// Parses a number that a scanner has accepted: an `integer` if it is whole and fits 64 bits, however it is written.
    static func value(_ text: Slice<UnsafeBufferPointer<UInt8>>) throws(JSONScanner.SyntaxError) -> JSONValue {
        let isPlain = text.allSatisfy { $0 != UInt8(ascii: ".") && $0 | 0x20 != UInt8(ascii: "e") }
        if isPlain, let whole = digits(text) { return .integer(whole) }
        guard let number = Double(String(decoding: text, as: UTF8.self)), number.isFinite else {
            throw JSONScanner.SyntaxError(offset: text.startIndex, expected: "a number that a double can hold")
        }
        guard !isPlain, let rounded = Int64(exactly: number) else { return .number(number) }
        // A double is not exact beyond 2^53, so use the digits.
        return .integer(exact(text) ?? rounded)
    }

    /// Parses an optional minus sign and digits; `nil` for any other form, or if the number does not fit 64 bits.
    private static func digits(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
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
    private static func exact(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int64? {
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
