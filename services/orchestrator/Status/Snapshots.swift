import Contracts
import FoundationEssentials
import JSON
import ServiceKit

/// What callers read of many jobs at once, made once for all that ask at the same moment.
struct Snapshots: Sendable {
    /// A snapshot as it goes to all its callers.
    struct Snapshot: Sendable {
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

    init(_ orchestra: Orchestra) {
        snapshots = SharedReads(limit: 2) { job in
            let snapshot = try await orchestra.snapshot(jobID: job)
            return Snapshot(seq: snapshot.seq, json: try JSONCoding.encode(snapshot))
        }
        pages = SharedReads(limit: 2) { page in
            try await orchestra.list(ListJobs(state: page.state, limit: page.limit, after: page.after))
        }
    }

    /// All jobs that are not at their end, or one job.
    func snapshot(of job: String?) async throws -> Snapshot { try await snapshots.value(for: job) }

    /// A page of jobs.
    func list(_ request: ListJobs) async throws -> JobList {
        try await pages.value(for: Page(state: request.state, limit: request.limit, after: request.after))
    }

    /// How many snapshots and pages were made.
    var counts: JSONValue {
        get async {
            ["snapshots": .integer(Int64(await snapshots.count)), "pages": .integer(Int64(await pages.count))]
        }
    }
}
