// SPDX-License-Identifier: Apache-2.0

import Faults

/// The next step of a job after an event of the lead. `JobMachine` performs it.
enum LeadStep: Sendable {
    /// Nothing changes.
    case unchanged
    /// Call the lead again.
    case retry(LeadRun)
    /// Check a delivery.
    case check(Delivery)
    /// Use the lead's film.
    case acceptFilm(Film)
    /// Use the lead's clips, which are complete; artifact URIs by segment id.
    case acceptClips([String: String?])
    /// Use the lead's good clips (artifact URIs by segment id); the understudy makes the other segments.
    case acceptSomeClips([String: String?], ServiceError)
    /// The lead has failed: the understudy takes over. `isBreakerOpen`: whether the lead was not called because its breaker is open.
    case fail(ServiceError, isBreakerOpen: Bool = false)
}
