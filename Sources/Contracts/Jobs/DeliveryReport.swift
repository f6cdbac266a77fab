/// A narration as a film has it.
package struct ProbeNarration: Codable, Sendable {
    package var segmentID: String
    /// Seconds that the segment takes on the film's time line.
    package var duration: Double
    /// The artifact URI of the narration; silence if absent.
    package var audio: String?
    /// Seconds of the narration that are skipped.
    package var audioStart: Double?
    /// How much faster than recorded the narration is heard, 1 to 2; 1 if absent.
    package var tempo: Double?

    package init(
        segmentID: String, duration: Double, audio: String? = nil, audioStart: Double? = nil, tempo: Double? = nil
    ) {
        self.tempo = tempo
        self.segmentID = segmentID
        self.duration = duration
        self.audio = audio
        self.audioStart = audioStart
    }

    private enum CodingKeys: String, CodingKey {
        case duration, audio, tempo
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
    /// The number of `measured`, where it is one: `black`, `frozen` and `..._total` in seconds, `loudness` in LUFS, `sync_...` in
    /// milliseconds; absent for a narration that is not heard.
    package var value: Double?
    /// What it should be.
    package var target: String
    package var isPassed: Bool
    /// Where it was found on the film's time line: of `black_total`, `frozen_total` and `silent_total`, at most 2000.
    package var stretches: [ReportedStretch]?

    package init(
        name: String, measured: String, value: Double? = nil, target: String, isPassed: Bool,
        stretches: [ReportedStretch]? = nil
    ) {
        self.name = name
        self.measured = measured
        self.value = value
        self.target = target
        self.isPassed = isPassed
        self.stretches = stretches
    }

    private enum CodingKeys: String, CodingKey {
        case name, measured, value, target, stretches
        case isPassed = "passed"
    }
}

/// A stretch of a film.
package struct ReportedStretch: Codable, Sendable, Equatable {
    /// Seconds from the film's first picture.
    package var start: Double
    /// Seconds from the film's first picture.
    package var end: Double

    package init(start: Double, end: Double) {
        self.start = start
        self.end = end
    }

    private enum CodingKeys: String, CodingKey {
        case start = "start_s"
        case end = "end_s"
    }
}
