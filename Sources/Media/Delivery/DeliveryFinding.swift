// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// A measured property of a film, and what it should be.
package struct DeliveryFinding: Sendable, Equatable {
    /// Identifies the property, such as `black` or `sync_seg_001`.
    package let name: String
    /// The measured value as text, with its unit.
    package let measured: String
    /// The measured value as a number, for callers that apply their own limits: `black` and `frozen` in seconds,
    /// `loudness` in LUFS, `sync_...` in milliseconds.
    package let value: Double?
    /// The required value as text.
    package let target: String
    /// Whether the measured value is as required.
    package let isPassed: Bool
    /// Time ranges of the film in which it was found.
    package var ranges: [TimeRange]?

    init(
        _ name: String, _ measured: String, value: Double? = nil, _ target: String, _ isPassed: Bool,
        ranges: [TimeRange]? = nil
    ) {
        self.name = name
        self.measured = measured
        self.value = value
        self.target = target
        self.isPassed = isPassed
        self.ranges = ranges
    }

    /// A number as text, rounded to `digits` fraction digits.
    static func number(_ value: Double, digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        let rounded = (value * scale).rounded() / scale
        return digits == 0 ? String(Int(clamping: rounded)) : String(rounded)
    }
}
