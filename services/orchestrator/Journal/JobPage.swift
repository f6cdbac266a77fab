// SPDX-License-Identifier: Apache-2.0

import Contracts

/// A page of jobs, newest first.
struct JobPage: Sendable {
    /// The ids of the jobs, and the stored views of ended jobs.
    var jobs: [(id: String, view: JobView?)] = []
    /// The total size of the stored views in bytes.
    var bytes = 0
    /// Whether older jobs exist.
    var hasMore = false
}
