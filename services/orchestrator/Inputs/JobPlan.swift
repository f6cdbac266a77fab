// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON

/// The plan of a job: its segments and prices. It is made once from the job's inputs, and stored with the job.
struct JobPlan: Sendable {
    var segments: [PlannedSegment]
    /// The storyboard to send to the lead.
    var storyboard: JSONValue
    /// The price of one still of the job's image provider.
    var imagePrice: USD
    /// The price of one clip.
    var clipPrice: USD
    /// The price of the stitching; free if absent.
    var stitchPrice: USD?
    /// The stitching backend; unknown if absent.
    var stitchBackend: StitchBackend?
    var warnings: [String]

    /// The title of a segment's chapter: its first words.
    ///
    /// - Returns: `nil` if there is no segment at the index.
    func chapterTitle(_ index: Int) -> String? {
        guard segments.indices.contains(index) else { return nil }
        let segment = segments[index]
        return ChapterTitle.text(narration: segment.narration, guidance: segment.guidance, id: segment.id)
    }
}

extension [PlannedSegment] {
    /// Whether the narration of a segment continues in the next one, because one file narrates both.
    func continuesNarration(after index: Int) -> Bool {
        guard indices.contains(index), indices.contains(index + 1) else { return false }
        let next = self[index + 1]
        return next.audio != nil && next.audio == self[index].audio && (next.audioStart ?? 0) > 0
    }
}

/// A segment on the film's time line.
struct PlannedSegment: Sendable, Equatable {
    var id: String
    /// The duration in seconds: that of the storyboard, or that of the narration if the segment was extended (`fit_narration`).
    var duration: Double
    /// The number of frames on the cumulative time line.
    var frames: Int
    /// What the picture shows: the prompt of the still.
    var guidance: String
    /// The spoken text, used for captions.
    var narration: String?
    /// The artifact URI of the narration.
    var audio: String?
    /// The position in the narration file at which the segment begins, in seconds; 0 if absent.
    var audioStart: Double?
    /// The playback speed of the narration relative to the recording; 1 if absent.
    var tempo: Double?
}
