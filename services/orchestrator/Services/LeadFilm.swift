// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The usable part of the lead's film.
enum LeadFilm: Sendable {
    /// The whole film, stored as the job's film.
    case film(VerifiedFilm)
    /// The good segments, cut out of a faulty film.
    case segments(LeadSegments)
}

/// The checked segments of a delivery of the lead.
struct LeadSegments: Sendable {
    /// The good segments that were cut out of a film; empty for a delivery of clips.
    var clips: [AgentClip] = []
    /// The faults of the other segments, by segment id.
    var faults: [String: ServiceError] = [:]
    var warnings: [String] = []
}
