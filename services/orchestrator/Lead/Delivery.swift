// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A delivery of the lead, before its check.
enum Delivery: Sendable {
    /// The artifact URI of a film.
    case film(String)
    /// Clips of single segments.
    case clips([AgentClip])
}
