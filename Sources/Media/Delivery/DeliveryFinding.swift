import Untrusted

/// One point of a film's delivery.
package struct DeliveryFinding: Sendable, Equatable {
    package let name: String
    /// What was found, with its unit.
    package let measured: String
    /// The number of `measured`, where others judge by it: `black` and `frozen` in seconds, `loudness` in LUFS,
    /// `sync_...` in milliseconds.
    package let value: Double?
    /// What it should be.
    package let target: String
    package let isPassed: Bool
    /// Where it was found on the film's time line.
    package var stretches: [TimeStretch]?

    init(
        _ name: String, _ measured: String, value: Double? = nil, _ target: String, _ isPassed: Bool,
        stretches: [TimeStretch]? = nil
    ) {
        self.name = name
        self.measured = measured
        self.value = value
        self.target = target
        self.isPassed = isPassed
        self.stretches = stretches
    }

    /// A number as text, rounded to `digits` fraction digits.
    static func number(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return digits == 0 ? String(Int(clamping: rounded)) : String(rounded)
    }
}
