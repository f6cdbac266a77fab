import Contracts

/// Moments as people read them.
enum Moment {
    /// `2026-11-23 15:06:00 UTC`
    static func text(_ moment: Timestamp) -> String {
        "\(moment.text.prefix(10)) \(moment.text.dropFirst(11).prefix(8)) UTC"
    }

    /// `15:06:00.103`
    static func time(_ moment: Timestamp) -> String { String(moment.text.dropFirst(11).dropLast()) }
}

extension Timestamp {
    /// Seconds from another moment to this one; negative where the other is later.
    func seconds(since other: Timestamp) -> Double { Double(milliseconds - other.milliseconds) / 1000 }
}
