// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSONRPC

extension JournalV2 {
    /// The result of an agent.
    struct Delivery: Codable {
        /// The artifact URI of a film.
        var video: String?
        var clips: [LeadClip]
        var costMicros: Int64
        var wastedMicros: Int64?
        var unknownMicros: Int64?
        var warnings: [String]?
        var jobID: String?

        private enum CodingKeys: String, CodingKey {
            case video, clips, warnings
            case costMicros = "cost_micros"
            case wastedMicros = "wasted_micros"
            case unknownMicros = "unknown_micros"
            case jobID = "job_id"
        }

        init(_ result: AgentResult) throws {
            video = result.video
            clips = try result.clips.map(LeadClip.init)
            costMicros = result.cost.micros
            wastedMicros = result.wasted?.micros
            unknownMicros = result.unknown?.micros
            warnings = result.warnings
            jobID = result.jobID
        }

        func value() throws -> AgentResult {
            var result = AgentResult(
                video: video, clips: try clips.map { try $0.value() }, cost: USD(micros: costMicros))
            result.wasted = wastedMicros.map { USD(micros: $0) }
            result.unknown = unknownMicros.map { USD(micros: $0) }
            result.warnings = warnings
            result.jobID = jobID
            return result
        }
    }

    /// A clip of the lead, or the reason why it is missing.
    struct LeadClip: Codable {
        var segmentID: String
        /// An artifact URI.
        var clip: String?
        var fault: Fault?

        private enum CodingKeys: String, CodingKey {
            case clip, fault
            case segmentID = "segment_id"
        }

        init(_ clip: AgentClip) throws {
            segmentID = clip.segmentID
            self.clip = clip.clip
            fault = try clip.error.map(Fault.init)
        }

        func value() throws -> AgentClip {
            AgentClip(segmentID: segmentID, clip: clip, error: try fault?.value())
        }
    }

    /// The user's edit of a segment.
    struct Edit: Codable {
        var prompt: String?
        /// An artifact URI.
        var image: String?

        private enum CodingKeys: String, CodingKey {
            case prompt, image
        }

        init(_ edit: SegmentEdit) {
            prompt = edit.prompt
            image = edit.image
        }

        var value: SegmentEdit { SegmentEdit(prompt: prompt, image: image) }
    }
}
