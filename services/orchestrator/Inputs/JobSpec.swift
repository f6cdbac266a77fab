import Contracts
import JSON

/// What was asked for: the first thing that is known of a job, and never changes. It is stored as `SpecFormat` says.
struct JobSpec: Sendable {
    /// Where a job enters the chain.
    enum Entry: Sendable, CaseIterable {
        /// The agents before the lead, where they run as services, then as `lead`.
        case chain
        /// Agent5, and Agent6 when it fails.
        case lead
        /// The fallback alone.
        case fallback
    }

    var jobID: String
    var userID: String
    var sessionID: String
    var supersessionID: String?
    var entry: Entry
    var options: JobOptions
    var pipelineData: JSONValue?
    /// Whether the files that it names must be in the store or in what `UNDERSTUDY_ALLOW_PATHS` lists; false if absent.
    var isConfined: Bool?
}

/// What a job works on, read once and kept with it.
struct JobPlan: Sendable {
    var segments: [PlannedSegment]
    /// The storyboard as it was read, for the lead.
    var storyboard: JSONValue
    /// The price of one picture by the provider that the job will use.
    var imagePrice: USD
    /// The price of one clip.
    var clipPrice: USD
    /// The price of the stitching; nothing if absent.
    var stitchPrice: USD?
    /// Who stitches the film; not known if absent.
    var stitchBackend: StitchBackend?
    var warnings: [String]
}

extension [PlannedSegment] {
    /// Whether a segment's narration goes on in the next one, as one file for a whole film does.
    func continuesNarration(after index: Int) -> Bool {
        guard indices.contains(index), indices.contains(index + 1) else { return false }
        let next = self[index + 1]
        return next.audio != nil && next.audio == self[index].audio && (next.audioStart ?? 0) > 0
    }
}

/// One segment on the time line.
struct PlannedSegment: Sendable, Equatable {
    var id: String
    /// Seconds: as the storyboard says, or as long as its narration where the segment was extended.
    var duration: Double
    /// Frames on the cumulative time line.
    var frames: Int
    var guidance: String
    /// What is spoken; the text of captions.
    var narration: String?
    /// The artifact URI of the narration.
    var audio: String?
    /// Seconds of the narration that belong to segments before.
    var audioStart: Double?
    /// How much faster than recorded the narration is heard; 1 if absent.
    var tempo: Double?
}
