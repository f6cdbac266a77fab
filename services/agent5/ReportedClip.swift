// SPDX-License-Identifier: Apache-2.0

/// The clip of one segment as reported by a script or a user's program: its file, or the error.
struct ReportedClip: Codable, Sendable {
    var segmentID: String
    /// The file of the clip, as a URI or path.
    var clip: String?
    var error: LeadFailure?

    private enum CodingKeys: String, CodingKey {
        case clip, error
        case segmentID = "segment_id"
    }
}
