// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import JSON

@testable import Orchestrator

/// A minimal implementation of `JobJournal` in memory.
actor MemoryJournal: JobJournal {
    private struct Lease {
        var holder: String?
        var expiresAt: Timestamp
        var fence: Int64
    }

    private struct Job {
        var row: JobRow
        var key: String?
        var fingerprint: String
        var events: [RecordedEvent] = []
        var lease: Lease?
        var view: JobView?
        var result: JobResult?
    }

    private var jobs: [String: Job] = [:]
    private var statusMessages: [StatusMessage] = []
    private var count: Int64 = 0
    private var seq = 0
    private var pruned: Set<String> = []

    private func grant(_ id: String, _ holder: Leaseholder, _ now: Timestamp) -> JobLease {
        let fence = (jobs[id]?.lease?.fence ?? 0) + 1
        jobs[id]?.lease = Lease(holder: holder.id, expiresAt: holder.expiry(from: now), fence: fence)
        return JobLease(job: id, fence: fence)
    }

    func add(
        _ spec: JobSpec, at now: Timestamp, key: String?, fingerprint: String, for holder: Leaseholder
    ) throws -> AddedJob {
        if let key, let known = try job(key: key, fingerprint: fingerprint) { return .existing(known) }
        count += 1
        let row = JobRow(number: count, spec: spec, createdAt: now, state: .queued)
        jobs[spec.jobID] = Job(row: row, key: key, fingerprint: fingerprint)
        return .new(row, grant(spec.jobID, holder, now))
    }

    func lease(_ job: String, eventCount: Int, for holder: Leaseholder, at now: Timestamp) throws -> JobLease? {
        guard let found = jobs[job] else { throw ServiceError.unknownJob(job) }
        if let lease = found.lease, let other = lease.holder, other != holder.id, lease.expiresAt > now {
            throw LeaseLost(job: job)
        }
        return found.events.count == eventCount ? grant(job, holder, now) : nil
    }

    func claim(for holder: Leaseholder, at now: Timestamp, limit: Int) -> [JobLease] {
        let free = jobs.values.filter { job in
            !job.row.state.isTerminal && (job.lease?.holder == nil || job.lease.map { $0.expiresAt <= now } ?? true)
        }
        return free.sorted { $0.row.number < $1.row.number }.prefix(limit).map { grant($0.row.spec.jobID, holder, now) }
    }

    func renew(_ holder: Leaseholder, at now: Timestamp) {
        for id in jobs.keys where jobs[id]?.lease?.holder == holder.id {
            jobs[id]?.lease?.expiresAt = holder.expiry(from: now)
        }
    }

    func release(_ holder: Leaseholder) {
        for id in jobs.keys where jobs[id]?.lease?.holder == holder.id { jobs[id]?.lease?.holder = nil }
    }

    func append(_ entry: JournalEntry) throws -> [StatusMessage] {
        let id = entry.spec.jobID
        guard let job = jobs[id], job.lease?.fence == entry.fence else { throw LeaseLost(job: id) }
        if entry.number < job.events.count, !entry.events.isEmpty { return [] }
        jobs[id]?.events += entry.events.map { RecordedEvent(at: entry.at, event: $0) }
        if let state = entry.state {
            jobs[id]?.row.state = state
            jobs[id]?.view = entry.view
            jobs[id]?.result = entry.result
            if state.isTerminal { jobs[id]?.lease?.holder = nil }
        }
        let messages = entry.drafts.map { draft in
            seq += 1
            return draft.message(of: entry.spec, seq: seq, at: entry.at)
        }
        statusMessages += messages
        return messages
    }

    func storeResult(_ view: JobView, _ result: JobResult, of job: String, eventCount: Int) {
        guard let found = jobs[job], found.row.state.isTerminal, found.events.count == eventCount else { return }
        jobs[job]?.view = view
        jobs[job]?.result = result
    }

    func job(_ id: String) -> JobRow? { jobs[id]?.row }

    func job(key: String, fingerprint: String) throws -> JobRow? {
        guard let found = jobs.values.first(where: { $0.key == key }) else { return nil }
        guard found.fingerprint == fingerprint else { throw ServiceError(.conflict, "other parameters") }
        return found.row
    }

    func history(of id: String) -> JobHistory? { jobs[id].map { JobHistory(row: $0.row, events: $0.events) } }
    func finalView(of id: String) -> JobView? { jobs[id]?.view }
    func result(of id: String) -> JobResult? { jobs[id]?.result }

    func jobs(state: JobState?, limit: Int, after: String?, maximumBytes: Int) throws -> JobPage {
        guard let last = after.map({ jobs[$0]?.row.number }) ?? .max else { throw ServiceError.unknownJob(after ?? "") }
        let found = jobs.values.filter { $0.row.number < last && (state == nil || $0.row.state == state) }
            .sorted { $0.row.number > $1.row.number }
        var page = JobPage()
        for job in found {
            let size = try job.view.map { try JSONCoding.encode($0).count } ?? 0
            if page.jobs.count == limit || (page.bytes + size > maximumBytes && !page.jobs.isEmpty) {
                page.hasMore = true
                break
            }
            page.bytes += size
            page.jobs.append((job.row.spec.jobID, job.view))
        }
        return page
    }

    func counts() -> [String: Int] {
        Dictionary(jobs.values.map { ($0.row.state.rawValue, 1) }, uniquingKeysWith: +)
    }

    func messages(after seq: Int, jobID: String?, limit: Int) -> [StatusMessage] {
        Array(
            statusMessages.filter { $0.seq > seq && (jobID == nil || $0.jobId == jobID) && jobs[$0.jobId] != nil }
                .prefix(limit))
    }

    func lastSeq() -> Int { seq }

    func expiredJobs(endedBefore: Timestamp?, keeping: Int?, limit: Int) -> [String] {
        let ended = jobs.values.filter(\.row.state.isTerminal).sorted { $0.row.number < $1.row.number }
        let excess = keeping.map { max(ended.count - $0, 0) } ?? 0
        let expired = ended.enumerated().filter { index, job in
            index < excess || endedBefore.map { (job.events.last?.at ?? job.row.createdAt) < $0 } ?? false
        }
        return Array(expired.map(\.element.row.spec.jobID).prefix(limit))
    }

    func prune(_ jobs: [String]) -> Int {
        let gone = jobs.filter { self.jobs[$0]?.row.state.isTerminal == true }
        for id in gone { self.jobs[id] = nil }
        pruned.formUnion(gone)
        return gone.count
    }

    func sweep() -> Bool {
        guard let id = pruned.popFirst() else { return false }
        statusMessages.removeAll { $0.jobId == id }
        return true
    }
}

extension MemoryJournal: LeadTimeRecords, BreakerRecords {
    func recordLeadTime(_ seconds: Double) {}
    func leadTime(quantile: Double, atLeast: Int) -> Double? { nil }
    nonisolated func breakers() -> [String: BreakerMachine] { [:] }
    nonisolated func saveBreaker(
        _ breaker: BreakerMachine, name: String, onFailure: @escaping @Sendable (any Error) -> Void
    ) {}
    func removeBreaker(_ name: String) {}
    func flush() {}
}
