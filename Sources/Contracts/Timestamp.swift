// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
import Untrusted

/// A time with a precision of milliseconds. On the wire it is RFC 3339 in UTC: `2026-11-23T12:00:00.000Z`.
package struct Timestamp: Sendable, Hashable, Comparable {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    package let milliseconds: Int64

    /// About 270,000 years before and after 1970, so that sums and differences fit into 64 bits.
    private static let range: ClosedRange<Int64> = -8_640_000_000_000_000...8_640_000_000_000_000

    /// Creates a time from milliseconds since 1970.
    ///
    /// - Parameter milliseconds: clamped, because it may come from a damaged file.
    package init(milliseconds: Int64) {
        self.milliseconds = min(max(milliseconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// Creates a time from a date, rounded to milliseconds.
    package init(_ date: Date) {
        self.init(milliseconds: Int64(clamping: (date.timeIntervalSince1970 * 1000).rounded()))
    }

    /// The current time of the wall clock.
    package static var now: Timestamp { Timestamp(Date()) }

    /// Parses RFC 3339, with or without a fraction and with any offset; `nil` for any other text.
    package init?(_ text: String) {
        guard
            let date = (try? Self.style.parse(text))
                ?? (try? Self.wholeSeconds.parse(text))
        else { return nil }
        self.init(date)
    }

    /// Returns the time `seconds` later.
    ///
    /// - Parameter seconds: clamped to about a thousand years.
    package func adding(seconds: Double) -> Timestamp {
        let bounded = seconds.isFinite ? min(max(seconds, -3e10), 3e10) : 3e10
        // trusted: clamped in the line above
        return Timestamp(milliseconds: milliseconds + Int64((bounded * 1000).rounded()))
    }

    /// The time as a date.
    package var date: Date { Date(timeIntervalSince1970: Double(milliseconds) / 1000) }

    /// The time as RFC 3339 in UTC, with three decimals.
    package var text: String {
        // The format style truncates the fraction of the binary number instead of rounding it.
        let milliseconds = (milliseconds % 1000 + 1000) % 1000
        let second = Date(timeIntervalSince1970: Double((self.milliseconds - milliseconds) / 1000))
        let digits = String(milliseconds + 1000).dropFirst()
        return "\(Self.wholeSeconds.format(second).dropLast()).\(digits)Z"
    }

    private static let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
    private static let wholeSeconds = Date.ISO8601FormatStyle(includingFractionalSeconds: false)

    /// Compares two times.
    package static func < (left: Timestamp, right: Timestamp) -> Bool { left.milliseconds < right.milliseconds }
}

extension Timestamp: Codable {
    /// Decodes a time from RFC 3339.
    ///
    /// - Throws: `DecodingError.dataCorrupted` for any other text.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "a time as RFC 3339, e.g. 2026-11-23T12:00:00.000Z")
        }
        self = value
    }

    /// Encodes the time as RFC 3339.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(text)
    }
}
