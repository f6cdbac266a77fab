// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials
import JSON
import ServiceKit

/// Coalesces concurrent reads of snapshots and job lists: simultaneous callers share one read.
struct CoalescedReads: Sendable {
    /// An encoded snapshot, shared by its callers.
    struct Snapshot: Sendable {
        /// The `seq` from which to watch.
        var seq: Int
        var json: Data
    }

    private struct Page: Hashable {
        var state: JobState?
        var limit: Int?
        var after: String?
    }

    private let snapshots: SharedReads<String?, Snapshot>
    private let pages: SharedReads<Page, JobList>

    init(_ registry: JobRegistry) {
        snapshots = SharedReads(limit: 2) { job in
            let snapshot = try await registry.snapshot(jobID: job)
            return Snapshot(seq: snapshot.seq, json: try JSONCoding.encode(snapshot))
        }
        pages = SharedReads(limit: 2) { page in
            try await registry.list(ListJobs(state: page.state, limit: page.limit, after: page.after))
        }
    }

    /// The snapshot of one job; of all live jobs if `nil`.
    func snapshot(of job: String?) async throws -> Snapshot { try await snapshots.value(for: job) }

    /// A page of jobs.
    func list(_ request: ListJobs) async throws -> JobList {
        try await pages.value(for: Page(state: request.state, limit: request.limit, after: request.after))
    }

    /// The number of snapshots and pages that were read, for `rpc.stats`.
    var counts: JSONValue {
        get async {
            ["snapshots": .integer(Int64(await snapshots.count)), "pages": .integer(Int64(await pages.count))]
        }
    }
}
