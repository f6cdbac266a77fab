/// The W3C trace context of a call: which trace it belongs to, and which span called.
///
/// On the wire it is `params._meta.traceparent`, `00-<trace id>-<parent id>-<flags>` (https://www.w3.org/TR/trace-context/).
package struct TraceContext: Sendable, Equatable {
    /// Bytes of a `traceparent` of version 00, and the least of a later version.
    private static let length = 55
    /// Bytes that are read of a later version.
    private static let maximumLength = 512

    /// 16 bytes, not all of them 0.
    private let id: (high: UInt64, low: UInt64)
    /// The caller's span; 0 for a trace that begins here.
    package let parentID: UInt64
    /// Whether the caller records the trace.
    package let isSampled: Bool

    /// A trace that begins here.
    package init() {
        id = (TraceNumbers.next(), TraceNumbers.next())
        parentID = 0
        isSampled = true
    }

    /// Reads a `traceparent`, the bytes of a JSON string without its quotes.
    ///
    /// - Returns: `nil` for one that the standard says to ignore: another length, version `ff`, upper-case letters, an id of zeros.
    package init?(traceparent text: some RandomAccessCollection<UInt8>) {
        let bytes = Array(text.prefix(Self.maximumLength + 1))
        let dash = UInt8(ascii: "-")
        guard (Self.length...Self.maximumLength).contains(bytes.count), bytes[2] == dash, bytes[35] == dash,
            bytes[52] == dash, let version = Self.hex(bytes[0..<2]), version != 0xFF,
            let high = Self.hex(bytes[3..<19]), let low = Self.hex(bytes[19..<35]), high != 0 || low != 0,
            let parent = Self.hex(bytes[36..<52]), parent != 0, let flags = Self.hex(bytes[53..<55])
        else { return nil }
        // A later version may have more, after another dash.
        guard bytes.count == Self.length || version != 0 && bytes[Self.length] == dash else { return nil }
        id = (high, low)
        parentID = parent
        isSampled = flags & 1 == 1
    }

    /// 32 lower-case hexadecimal digits.
    package var traceID: String { Self.digits(id.high) + Self.digits(id.low) }

    /// The `traceparent` of a call that is made in this trace, with a span of its own.
    ///
    /// - Parameter span: not 0.
    package func traceparent(span: UInt64) -> String {
        "00-\(traceID)-\(Self.digits(span))-0\(isSampled ? 1 : 0)"
    }

    /// The same with a new span.
    package func traceparent() -> String { traceparent(span: TraceNumbers.next()) }

    package static func == (left: TraceContext, right: TraceContext) -> Bool {
        left.id == right.id && left.parentID == right.parentID && left.isSampled == right.isSampled
    }

    /// The number that lower-case hexadecimal digits mean, at most sixteen of them.
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
