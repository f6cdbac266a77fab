// SPDX-License-Identifier: Apache-2.0

/// What happens if a still cannot be drawn.
package enum ImageFailurePolicy: String, Codable, Sendable, CaseIterable {
    /// Agent6 fails.
    case fail
    /// A locally drawn card replaces the still.
    case card
}

/// What happens to a narration that is longer than its segment.
package enum NarrationFitting: String, Codable, Sendable, CaseIterable {
    /// Its end is cut.
    case cut
    /// The segment is extended to the duration of its narration.
    case extend
    /// The narration is played up to 1.15 times as fast, without changing its pitch. If it is still too long, its end
    /// is cut.
    case speed
}

/// What happens to a job whose session's folder is in use by another job.
package enum BusyPolicy: String, Codable, Sendable, CaseIterable {
    /// The job waits until the other job has ended.
    case wait
    /// The job is rejected as a `conflict`.
    case refuse
}

/// How much of the film the understudy makes if the lead delivered only some of the clips.
package enum FallbackScope: String, Codable, Sendable, CaseIterable {
    /// The whole film.
    case whole
    /// The segments without a usable clip of the lead.
    case segments
}

/// When stills are prepared while the lead is still working.
package enum HedgePolicy: String, Codable, Sendable, CaseIterable {
    /// Never, unless `hedge_after_s` is given.
    case off
    /// When Agent5 has worked longer than the 95th percentile of its recent films, once there are 20 of them.
    case p95
}
