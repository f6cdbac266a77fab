// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A request for the lead to replace clips of a finished film, and the state to restore if it fails.
struct Upgrade: Sendable {
    /// The ids of the segments to replace.
    let segmentIDs: Set<String>
    /// The maximum cost of the lead's clips.
    let cost: USD
    /// The segments before the upgrade.
    let segments: [SegmentRecord]
    /// The film before the upgrade.
    let film: Film
}
