/// US dollars, kept as whole micro-dollars; on the wire a number with up to six decimals.
package struct USD: Sendable, Hashable, Comparable {
    /// Millionths of a dollar.
    package var micros: Int64

    package init(micros: Int64) {
        self.micros = micros
    }

    /// Rounds to the nearest micro-dollar; not a number and values beyond ± 1e12 become zero.
    package init(_ dollars: Double) {
        // trusted: checked on the same line
        micros = dollars.isFinite && abs(dollars) < 1e12 ? Int64((dollars * 1_000_000).rounded()) : 0
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
    package static func + (left: USD, right: USD) -> USD { USD(micros: left.micros + right.micros) }
    package static func - (left: USD, right: USD) -> USD { USD(micros: left.micros - right.micros) }
    package static func += (left: inout USD, right: USD) { left = left + right }
    package static func * (left: USD, count: Int) -> USD { USD(micros: left.micros * Int64(count)) }
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
