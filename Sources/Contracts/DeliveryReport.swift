/// A narration as a film has it.
package struct ProbeNarration: Codable, Sendable {
    package var segmentID: String
    /// Seconds that the segment takes on the film's time line.
    package var duration: Double
    /// The artifact URI of the narration; silence if absent.
    package var audio: String?
    /// Seconds of the narration that are skipped.
    package var audioStart: Double?

    package init(segmentID: String, duration: Double, audio: String? = nil, audioStart: Double? = nil) {
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case duration, audio
        case segmentID = "segment_id"
        case audioStart = "audio_start_s"
    }
}

/// Whether a film is fit to be delivered, point by point.
package struct DeliveryReport: Codable, Sendable, Equatable {
    package var isPassed: Bool
    package var points: [DeliveryPoint]

    package init(isPassed: Bool, points: [DeliveryPoint]) {
        self.isPassed = isPassed
        self.points = points
    }

    private enum CodingKeys: String, CodingKey {
        case points
        case isPassed = "passed"
    }
}

package struct DeliveryPoint: Codable, Sendable, Equatable {
    /// What was looked at, e.g. `true_peak`.
    package var name: String
    /// What was found, with its unit.
    package var measured: String
    /// The number of `measured`, where it is one: `black` and `frozen` in seconds, `loudness` in LUFS.
    package var value: Double?
    /// What it should be.
    package var target: String
    package var isPassed: Bool

    package init(name: String, measured: String, value: Double? = nil, target: String, isPassed: Bool) {
        self.name = name
        self.measured = measured
        self.value = value
        self.target = target
        self.isPassed = isPassed
    }

    private enum CodingKeys: String, CodingKey {
        case name, measured, value, target
        case isPassed = "passed"
    }
}
