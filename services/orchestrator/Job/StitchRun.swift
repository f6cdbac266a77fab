/// How the film is stitched.
struct StitchRun: Sendable {
    /// What the film is stitched for; `nil` for the job's own film.
    var upgrade: Upgrade?
    /// Whether all pictures are encoded: a film of copied ones failed its check.
    var reencodes = false
}
