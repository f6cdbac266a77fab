// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON
import Timebase

/// Fits segments and longer narrations to each other, as the option `fit_narration` requires.
struct NarrationFit: Sendable {
    /// The excess of a narration in seconds that is not reported: two frames of MP3.
    static let tolerance = 0.06
    /// The maximum playback speed of a narration relative to the recording.
    static let maximumTempo = 1.15
    /// The maximum duration of a segment in seconds.
    private static let maximumDuration = 3600.0
    /// The time in seconds by which a narration at a higher tempo should end before its segment: the tempo is exact only to a pitch period.
    private static let margin = 0.02

    private let fitting: NarrationFitting
    private let rate: FrameRate

    init(_ options: JobOptions) {
        fitting = options.fitNarration ?? .cut
        rate = options.rate
    }

    /// The indices of the segments whose narrations must be measured. Narrations that continue in the next segment are excluded.
    func measured(_ segments: [PlannedSegment]) -> [Int] {
        switch fitting {
        case .cut: []
        case .extend: segments.indices.filter { segments[$0].audio != nil && !segments.continuesNarration(after: $0) }
        // The parts of one file for the whole film must have the same tempo.
        case .speed:
            segments.indices.filter {
                segments[$0].audio != nil && segments[$0].audioStart == nil
                    && !segments.continuesNarration(after: $0)
            }
        }
    }

    /// Extends segments or sets tempos.
    ///
    /// - Parameter lengths: the durations of the readable narration files in seconds, by segment index.
    /// - Returns: a warning for each segment that cannot be extended to its narration.
    func apply(to segments: inout [PlannedSegment], lengths: [Int: Double]) -> [String] {
        var warnings: [String] = []
        for (index, length) in lengths.sorted(by: { $0.key < $1.key }) where segments.indices.contains(index) {
            let (id, duration) = (segments[index].id, segments[index].duration)
            let needed = length - (segments[index].audioStart ?? 0)
            guard needed.isFinite, needed - duration > Self.margin / 2 else { continue }
            switch fitting {
            case .cut: break
            case .extend:
                // Whole frames, so that rounding on the time line does not shorten the segment.
                let extended = (rate.seconds(rate.frames(covering: needed)) * 1_000_000).rounded(.up) / 1_000_000
                segments[index].duration = min(extended, Self.maximumDuration)
                if extended > Self.maximumDuration {
                    warnings.append(
                        "\(id): the narration lasts \(Int(needed)) s, but a segment at most 3600 s; the rest is not used"
                    )
                }
            case .speed:
                segments[index].tempo = min(needed / max(duration - Self.margin, 0.05), Self.maximumTempo)
            }
        }
        if fitting == .extend {
            let frames = Timeline.frames(segments.map(\.duration), at: rate)
            for (index, count) in zip(segments.indices, frames) { segments[index].frames = count }
        }
        return warnings
    }

    /// The storyboard to send to the lead: with the durations of the extended segments.
    func storyboard(_ json: JSONValue, of segments: [PlannedSegment]) -> JSONValue {
        guard fitting == .extend, var storyboard = json.object, let list = storyboard["segments"]?.array,
            list.count == segments.count
        else { return json }
        storyboard["segments"] = .array(
            zip(list, segments).map { value, segment in
                guard var members = value.object, members["duration"]?.double != segment.duration else { return value }
                members["duration"] = .number(segment.duration)
                return .object(members)
            })
        return .object(storyboard)
    }
}
