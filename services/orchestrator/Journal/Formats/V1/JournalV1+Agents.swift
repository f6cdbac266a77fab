// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSONRPC

extension JournalV1 {
    /// The result of an agent.
    struct Delivery: Decodable {
        let value: AgentResult

        private enum Field: String, CodingKey {
            case video, clips, warnings
            case cost = "cost_usd"
            case wasted = "wasted_usd"
            case unknown = "unknown_usd"
            case jobID = "job_id"
        }

        init(from decoder: any Decoder) throws {
            let fields = try decoder.container(keyedBy: Field.self)
            var result = AgentResult(
                video: try fields.decodeIfPresent(String.self, forKey: .video),
                clips: try fields.decodeIfPresent([LeadClip].self, forKey: .clips)?.map(\.value) ?? [],
                cost: try fields.dollarsIfPresent(.cost) ?? .zero)
            result.wasted = try fields.dollarsIfPresent(.wasted)
            result.unknown = try fields.dollarsIfPresent(.unknown)
            result.warnings = try fields.decodeIfPresent([String].self, forKey: .warnings)
            result.jobID = try fields.decodeIfPresent(String.self, forKey: .jobID)
            value = result
        }
    }

    /// A clip of the lead, or the reason why it is missing.
    struct LeadClip: Decodable {
        var segmentID: String
        var clip: String?
        var error: Fault?

        private enum CodingKeys: String, CodingKey {
            case clip, error
            case segmentID = "segment_id"
        }

        var value: AgentClip { AgentClip(segmentID: segmentID, clip: clip, error: error?.value) }
    }

    /// `"failed"`, `"all"` or a list of segment ids.
    struct Selection: Decodable {
        let value: RetrySelection

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let ids = try? container.decode([String].self) {
                value = .segments(ids)
                return
            }
            switch try container.decode(String.self) {
            case "failed": value = .failed
            case "all": value = .all
            default:
                throw DecodingError.dataCorruptedError(
                    in: container, debugDescription: "\"failed\", \"all\" or an array of segment ids")
            }
        }
    }

    /// The user's edit of a segment.
    struct Edit: Decodable {
        var prompt: String?
        var image: String?

        private enum CodingKeys: String, CodingKey {
            case prompt, image
        }

        var value: SegmentEdit { SegmentEdit(prompt: prompt, image: image) }
    }
}
