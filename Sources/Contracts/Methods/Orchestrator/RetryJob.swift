// SPDX-License-Identifier: Apache-2.0

/// The parameters of `orchestrator.retry`.
package struct RetryJob: Codable, Sendable {
    /// The job's id.
    package var jobID: String
    /// What to make again; the segments of `edits` if absent, or `failed` if there are no edits.
    package var only: RetrySelection?
    /// Changes by segment id. Edited segments are made again.
    package var edits: [String: SegmentEdit]?

    /// Creates a request.
    package init(jobID: String, only: RetrySelection? = nil, edits: [String: SegmentEdit]? = nil) {
        self.jobID = jobID
        self.only = only
        self.edits = edits
    }

    private enum CodingKeys: String, CodingKey {
        case only, edits
        case jobID = "job_id"
    }
}

/// Which segments a retry makes again: `"failed"`, `"all"` or an array of segment ids on the wire.
package enum RetrySelection: Codable, Sendable, Equatable {
    /// What is missing.
    case failed
    /// The whole film.
    case all
    /// The segments with these ids.
    case segments([String])

    /// Decodes a selection.
    ///
    /// - Throws: `DecodingError.dataCorrupted` for any other value.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let ids = try? container.decode([String].self) {
            self = .segments(ids)
            return
        }
        switch try? container.decode(String.self) {
        case "failed": self = .failed
        case "all": self = .all
        default:
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "\"failed\", \"all\" or an array of segment ids")
        }
    }

    /// Encodes the selection as a string or an array.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        switch self {
        case .failed: try container.encode("failed")
        case .all: try container.encode("all")
        case .segments(let ids): try container.encode(ids)
        }
    }
}

/// A user's change of one segment.
package struct SegmentEdit: Codable, Sendable, Equatable {
    /// What the picture shows, instead of the storyboard's `visual_guidance`; 1 to 32,000 characters.
    package var prompt: String?
    /// The artifact URI of an image, in the artifact store, that replaces the still.
    package var image: String?

    /// Creates a change.
    package init(prompt: String? = nil, image: String? = nil) {
        self.prompt = prompt
        self.image = image
    }
}
