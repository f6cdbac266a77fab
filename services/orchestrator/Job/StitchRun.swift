// SPDX-License-Identifier: Apache-2.0

import Faults

/// The state of stitching the film.
struct StitchRun: Sendable {
    /// The upgrade that the film is stitched for; `nil` for the job's own film.
    var upgrade: Upgrade?
    /// Whether all frames are encoded, because a film with copied frames failed its check.
    var reencodes = false
    /// The number of narrations that had failed when the stitching began.
    var failedNarrations = 0
    /// Why the stitching failed. It is handled once all narrations have ended.
    var failure: ServiceError?
}
