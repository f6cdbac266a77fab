// SPDX-License-Identifier: Apache-2.0

import Parameters

/// An amount in US dollars, stored as whole micro-dollars. On the wire it is a number with up to six decimals.
///
/// Arithmetic saturates instead of trapping, because amounts come from other processes.
package struct USD: Sendable, Hashable, Comparable {
    /// The amount in millionths of a dollar.
    package var micros: Int64

    /// Creates an amount from millionths of a dollar.
    package init(micros: Int64) {
        self.micros = micros
    }

    /// Creates an amount from dollars, rounded to the nearest micro-dollar.
    ///
    /// - Parameter dollars: clamped to ± 1e12; NaN is zero.
    package init(_ dollars: Double) {
        let bounded = dollars.isNaN ? 0 : min(max(dollars, -1e12), 1e12)
        // trusted: clamped in the line above
        micros = Int64((bounded * 1_000_000).rounded())
    }

    /// No money.
    package static let zero = USD(micros: 0)

    /// The amount in dollars.
    package var dollars: Double { Double(micros) / 1_000_000 }

    /// The amount as text, such as `$0.12`, or `$0.094` with parts of a cent.
    ///
    /// At most four decimals, rounded half up; all six for an amount below 50 micro-dollars.
    package var text: String {
        let sign = micros < 0 ? "-" : ""
        let amount = micros.magnitude
        let rounded = amount < 50 ? amount : (amount + 50) / 100 * 100
        var decimals = String(rounded % 1_000_000 + 1_000_000).dropFirst()
        while decimals.count > 2, decimals.last == "0" { decimals.removeLast() }
        return "\(sign)$\(rounded / 1_000_000).\(decimals)"
    }

    /// Compares two amounts.
    package static func < (left: USD, right: USD) -> Bool { left.micros < right.micros }

    /// The sum of two amounts; saturates.
    package static func + (left: USD, right: USD) -> USD {
        let (sum, overflow) = left.micros.addingReportingOverflow(right.micros)
        return USD(micros: overflow ? (right.micros < 0 ? .min : .max) : sum)
    }

    /// The difference of two amounts; saturates.
    package static func - (left: USD, right: USD) -> USD {
        let (rest, overflow) = left.micros.subtractingReportingOverflow(right.micros)
        return USD(micros: overflow ? (right.micros < 0 ? .max : .min) : rest)
    }

    /// The amount times `count`; saturates.
    package static func * (left: USD, count: Int) -> USD {
        let (product, overflow) = left.micros.multipliedReportingOverflow(by: Int64(count))
        return USD(micros: overflow ? ((left.micros < 0) == (count < 0) ? .max : .min) : product)
    }

    /// Adds an amount; saturates.
    package static func += (left: inout USD, right: USD) { left = left + right }
}

extension USD: Codable {
    /// Decodes an amount from a number of dollars.
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Double.self))
    }

    /// Encodes the amount as a number of dollars.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dollars)
    }
}

extension USD: BoundedNumber {
    /// The amount in dollars, as bounds compare it.
    package var number: Double { dollars }
}
