// SPDX-License-Identifier: Apache-2.0

/// The W3C trace context of a call: its trace id and the caller's span id.
///
/// On the wire it is `params._meta.traceparent`, `00-<trace id>-<parent id>-<flags>` (https://www.w3.org/TR/trace-context/).
package struct TraceContext: Sendable, Equatable {
    /// The bytes of a `traceparent` of version 00, and the minimum of later versions.
    private static let length = 55
    /// The longest `traceparent` of a later version that is accepted.
    private static let maximumLength = 512

    /// The trace id: 16 bytes, not all of them 0.
    private let id: (high: UInt64, low: UInt64)
    /// The caller's span id; 0 if the trace starts here.
    package let parentID: UInt64
    /// Whether the caller records the trace.
    package let isSampled: Bool

    /// Starts a new, sampled trace.
    package init() {
        id = (TraceIDGenerator.next(), TraceIDGenerator.next())
        parentID = 0
        isSampled = true
    }

    /// Parses a `traceparent`, given as the bytes of a JSON string without its quotes.
    ///
    /// - Returns: `nil` if the standard requires it to be ignored: wrong length, version `ff`, upper-case digits, an id of zeros.
    package init?(traceparent text: some RandomAccessCollection<UInt8>) {
        let bytes = Array(text.prefix(Self.maximumLength + 1))
        let dash = UInt8(ascii: "-")
        guard (Self.length...Self.maximumLength).contains(bytes.count), bytes[2] == dash, bytes[35] == dash,
            bytes[52] == dash, let version = Self.hex(bytes[0..<2]), version != 0xFF,
            let high = Self.hex(bytes[3..<19]), let low = Self.hex(bytes[19..<35]), high != 0 || low != 0,
            let parent = Self.hex(bytes[36..<52]), parent != 0, let flags = Self.hex(bytes[53..<55])
        else { return nil }
        // A later version may append fields after another dash.
        guard bytes.count == Self.length || version != 0 && bytes[Self.length] == dash else { return nil }
        id = (high, low)
        parentID = parent
        isSampled = flags & 1 == 1
    }

    /// The trace id as 32 lower-case hexadecimal digits.
    package var traceID: String { Self.digits(id.high) + Self.digits(id.low) }

    /// The `traceparent` of an outgoing call in this trace.
    ///
    /// - Parameter span: the id of the caller's span; must not be 0.
    package func traceparent(span: UInt64) -> String {
        "00-\(traceID)-\(Self.digits(span))-0\(isSampled ? 1 : 0)"
    }

    /// The `traceparent` of an outgoing call in this trace, with a new span id.
    package func traceparent() -> String { traceparent(span: TraceIDGenerator.next()) }

    /// Compares trace id, parent span and sampling.
    package static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.id == right.id && left.parentID == right.parentID && left.isSampled == right.isSampled
    }

    /// Parses up to 16 lower-case hexadecimal digits.
    private static func hex(_ digits: ArraySlice<UInt8>) -> UInt64? {
        var number: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): number = number << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): number = number << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return number
    }

    private static func digits(_ number: UInt64) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 16 - digits.utf8.count) + digits
    }
}
