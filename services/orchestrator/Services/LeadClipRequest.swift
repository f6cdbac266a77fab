// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A request for clips of single segments, for an upgrade.
struct LeadClipRequest: Sendable {
    /// The ids of the segments.
    var segments: [String]
    /// The maximum cost of all clips, sent as `max_cost_usd`.
    var cost: USD
}
