// SPDX-License-Identifier: Apache-2.0

/// The result of the checks that a film must pass to be delivered.
package struct DeliveryReport: Codable, Sendable, Equatable {
    /// Whether all points passed; `passed` on the wire.
    package var isPassed: Bool
    /// The results of the checks.
    package var points: [DeliveryPoint]

    /// Creates a report from its points.
    package init(isPassed: Bool, points: [DeliveryPoint]) {
        self.isPassed = isPassed
        self.points = points
    }

    private enum CodingKeys: String, CodingKey {
        case points
        case isPassed = "passed"
    }
}

/// The result of one check of a film.
package struct DeliveryPoint: Codable, Sendable, Equatable {
    /// The name of the check, such as `true_peak`.
    package var name: String
    /// The measured value as text, with its unit.
    package var measured: String
    /// The measured value as a number: `black`, `frozen` and `..._total` in seconds, `loudness` in LUFS, `sync_...` in
    /// milliseconds. Absent if there is no number, such as for a narration that was not found in the sound.
    package var value: Double?
    /// The expected value as text.
    package var target: String
    /// Whether the measured value meets the target; `passed` on the wire.
    package var isPassed: Bool
    /// Where the fault is on the film's time line, for `black_total`, `frozen_total` and `silent_total`; at most 2000
    /// ranges. `stretches` on the wire.
    package var timeRanges: [ReportedTimeRange]?

    /// Creates the result of a check.
    package init(
        name: String, measured: String, value: Double? = nil, target: String, isPassed: Bool,
        timeRanges: [ReportedTimeRange]? = nil
    ) {
        self.name = name
        self.measured = measured
        self.value = value
        self.target = target
        self.isPassed = isPassed
        self.timeRanges = timeRanges
    }

    private enum CodingKeys: String, CodingKey {
        case name, measured, value, target
        case timeRanges = "stretches"
        case isPassed = "passed"
    }
}

/// A range of a film's time line.
package struct ReportedTimeRange: Codable, Sendable, Equatable {
    /// The start in seconds from the film's first frame.
    package var start: Double
    /// The end in seconds from the film's first frame.
    package var end: Double

    /// Creates a range from its ends in seconds.
    package init(start: Double, end: Double) {
        self.start = start
        self.end = end
    }

    private enum CodingKeys: String, CodingKey {
        case start = "start_s"
        case end = "end_s"
    }
}
