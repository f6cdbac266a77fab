// SPDX-License-Identifier: Apache-2.0

import Contracts

/// Identifies one order of a segment's still. The same order is paid for only once; its first members are part of the idempotency key.
struct StillOrder: Sendable {
    /// How many times the segment was reset.
    var edition = 0
    /// How many times all attempts at the still have failed.
    var series = 0
    /// The number of the attempt: `next_attempt` of the last failure.
    var attempt = 0
    /// The reserved price, sent as `max_cost_usd`; `nil` in a job without a limit.
    var maxCost: USD?
}
