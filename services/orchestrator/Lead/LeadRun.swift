// SPDX-License-Identifier: Apache-2.0

import Contracts

/// One run of the lead, from its first call to its delivery.
struct LeadRun: Sendable {
    let beganAt: Timestamp
    /// The upgrade that the lead is called for; `nil` for the whole film.
    let upgrade: Upgrade?
    /// The earliest time of the next call, as required by a rate limit.
    var notBefore: Timestamp?
}
