// SPDX-License-Identifier: Apache-2.0

import Tap

/// Which messages of a tap are shown.
struct TapFilter {
    /// Only messages of this job; of any if absent.
    var job: String?
    /// Only messages of this method; of any if absent.
    var method: String?

    func includes(_ message: TapMessage) -> Bool {
        (job == nil || message.jobID == job) && (method == nil || message.method == method)
    }
}
