import Faults

/// How the film is stitched.
struct StitchRun: Sendable {
    /// What the film is stitched for; `nil` for the job's own film.
    var upgrade: Upgrade?
    /// Whether all pictures are encoded: a film of copied ones failed its check.
    var reencodes = false
    /// How many narrations were known to be unusable when the stitching began.
    var lostNarrations = 0
    /// Why the stitching failed. What comes of that is decided when all narrations have ended.
    var failure: ServiceError?
}
