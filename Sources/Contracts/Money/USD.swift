import Parameters

/// US dollars, kept as whole micro-dollars; on the wire a number with up to six decimals.
package struct USD: Sendable, Hashable, Comparable {
    /// Millionths of a dollar.
    package var micros: Int64

    package init(micros: Int64) {
        self.micros = micros
    }

    /// Rounds to the nearest micro-dollar; zero for NaN, and at most ± 1e12 dollars, so that an absurd amount stays one.
    package init(_ dollars: Double) {
        let bounded = dollars.isNaN ? 0 : min(max(dollars, -1e12), 1e12)
        // trusted: bounded on the line before
        micros = Int64((bounded * 1_000_000).rounded())
    }

    package static let zero = USD(micros: 0)

    /// The amount in dollars.
    package var dollars: Double { Double(micros) / 1_000_000 }

    /// `$0.12`: cents, and parts of a cent where there are any (`$0.094`): up to four decimals, rounded half up, or all six of an
    /// amount too small for them.
    package var text: String {
        let sign = micros < 0 ? "-" : ""
        let amount = micros.magnitude
        let rounded = amount < 50 ? amount : (amount + 50) / 100 * 100
        var decimals = String(rounded % 1_000_000 + 1_000_000).dropFirst()
        while decimals.count > 2, decimals.last == "0" { decimals.removeLast() }
        return "\(sign)$\(rounded / 1_000_000).\(decimals)"
    }

    package static func < (left: USD, right: USD) -> Bool { left.micros < right.micros }

    // Sums of foreign amounts saturate.

    package static func + (left: USD, right: USD) -> USD {
        let (sum, overflow) = left.micros.addingReportingOverflow(right.micros)
        return USD(micros: overflow ? (right.micros < 0 ? .min : .max) : sum)
    }

    package static func - (left: USD, right: USD) -> USD {
        let (rest, overflow) = left.micros.subtractingReportingOverflow(right.micros)
        return USD(micros: overflow ? (right.micros < 0 ? .max : .min) : rest)
    }

    package static func * (left: USD, count: Int) -> USD {
        let (product, overflow) = left.micros.multipliedReportingOverflow(by: Int64(count))
        return USD(micros: overflow ? ((left.micros < 0) == (count < 0) ? .max : .min) : product)
    }

    package static func += (left: inout USD, right: USD) { left = left + right }
}

extension USD: Codable {
    package init(from decoder: any Decoder) throws {
        self.init(try decoder.singleValueContainer().decode(Double.self))
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(dollars)
    }
}

extension USD: BoundedNumber {
    package var number: Double { dollars }
}
