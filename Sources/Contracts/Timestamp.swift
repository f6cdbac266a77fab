package import FoundationEssentials
import Untrusted

/// A moment in RFC 3339, UTC, with milliseconds: `2026-11-23T12:00:00.000Z`.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    /// Some 270,000 years to either side, so that sums and differences stay within 64 bits.
    private static let range: ClosedRange<Int64> = -8_640_000_000_000_000...8_640_000_000_000_000

    /// - Parameter milliseconds: since 1970, of any size: it may come from a damaged file.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    package init(_ date: Date) {
        self.init(milliseconds: Int64(clamping: (date.timeIntervalSince1970 * 1000).rounded()))
    }

    /// The wall clock's time.
    package static var now: Timestamp { Timestamp(Date()) }

    /// Reads RFC 3339 with or without fraction and with any offset; `nil` for anything else.
    package init?(_ text: String) {
        guard
            let date = (try? Self.style.parse(text))
                ?? (try? Self.wholeSeconds.parse(text))
        else { return nil }
        self.init(date)
    }

    /// The moment so many seconds later; at most a thousand years.
    package func adding(seconds: Double) -> Timestamp {
        let bounded = seconds.isFinite ? min(max(seconds, -3e10), 3e10) : 3e10
        // trusted: at most a thousand years
        return Timestamp(milliseconds: milliseconds + Int64((bounded * 1000).rounded()))
    }

    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    package var text: String {
        // The style would cut the fraction of a binary number, not round it.
        let milliseconds = (milliseconds % 1000 + 1000) % 1000
        let second = Date(timeIntervalSince1970: Double((self.milliseconds - milliseconds) / 1000))
        let digits = String(milliseconds + 1000).dropFirst()
        return "\(Self.wholeSeconds.format(second).dropLast()).\(digits)Z"
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let wholeSeconds = Date.ISO8601FormatStyle(includingFractionalSeconds: false)

    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a time as RFC 3339, e.g. 2026-11-23T12:00:00.000Z")
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
