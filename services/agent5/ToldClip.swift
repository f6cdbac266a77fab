/// The clip of one segment as a script or a program of the user's own tells of it: where it is, or why there is none.
struct ToldClip: Codable, Sendable {
    var segmentID: String
    /// A URI or a path.
    var clip: String?
    var error: LeadFailure?

    private enum CodingKeys: String, CodingKey {
        case clip, error
        case segmentID = "segment_id"
    }
}
