// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSONRPC

/// The accounts of a job over all its runs: costs, waste and savings, every attempt, the times of the stages, and the calls in flight.
/// All sums change through entries only.
struct Ledger: Sendable {
    /// The costs by agent, waste included.
    private(set) var costs = Costs()
    /// The possible cost of orders whose charge status is unknown.
    private(set) var unknown = USD.zero
    /// The cost that was saved by reusing cached stills.
    private(set) var saved = USD.zero
    /// The cost of stills that were prepared while the lead was working.
    private(set) var hedge = USD.zero
    /// All attempts, in the order in which they ended.
    private(set) var attempts: [Attempt] = []
    /// The work in flight: `JobMachine.work` after the last event.
    private(set) var inFlight: Set<JobWork> = []
    /// Paid calls that were stopped and whose cost is not booked yet.
    private(set) var unsettled: Set<JobWork> = []
    /// The wasted part of each agent's costs.
    private var wastes = Costs()
    private var segmentCosts: [String: USD] = [:]
    private var spans = StageSpans()

    /// The cost of attempts whose results are not in the film.
    var wasted: USD { wastes.total }

    /// The times of the stages of the last run.
    var stages: [StageTime] { spans.times }

    /// The cost of all attempts at a segment.
    func cost(of segmentID: String) -> USD { segmentCosts[segmentID] ?? .zero }

    /// What remains of a limit; `nil` without a limit. Orders whose charge status is unknown count as spent.
    func remaining(of limit: USD?) -> USD? { limit.map { $0 - costs.total - unknown } }

    /// The total duration of the attempts at each segment in seconds, by segment id.
    var secondsBySegment: [String: Double] {
        var spent: [String: Int64] = [:]
        for attempt in attempts {
            guard let id = attempt.segmentID, let end = attempt.endedAt else { continue }
            spent[id, default: 0] += end.milliseconds - attempt.startedAt.milliseconds
        }
        return spent.mapValues { Double($0) / 1000 }
    }

    // MARK: - Entries

    /// Books an attempt that ended at `now`.
    mutating func book(_ entry: LedgerEntry, at now: Timestamp) {
        let payer = entry.payer ?? entry.agent
        let spent = entry.cost + entry.wasted
        costs[payer] += spent
        wastes[payer] += entry.wasted
        unknown += entry.unknown
        saved += entry.saved
        hedge += entry.hedge
        if let id = entry.segmentID { segmentCosts[id, default: .zero] += spent }
        var attempt = Attempt(
            agent: entry.agent, work: entry.kind, segmentID: entry.segmentID, startedAt: min(entry.startedAt, now),
            endedAt: now, cost: spent, error: entry.error)
        attempt.unknown = entry.unknown > .zero ? entry.unknown : nil
        attempts.append(attempt)
        if let stage = entry.stage { recordStage(stage, from: entry.startedAt, to: now) }
    }

    /// Books waste that belongs to no attempt, such as the cost of a late delivery.
    mutating func bookLoss(_ wasted: USD, unknown: USD, of agent: Agent) {
        costs[agent] += wasted
        wastes[agent] += wasted
        self.unknown += unknown
    }

    /// Counts a cost that is already booked as wasted.
    mutating func writeOff(_ cost: USD, of agent: Agent) { wastes[agent] += cost }

    /// Counts all booked costs of an agent as wasted.
    mutating func writeOffAll(of agent: Agent) { wastes[agent] = costs[agent] }

    /// Records the time of a stage.
    mutating func recordStage(_ stage: JobStage, from start: Timestamp, to end: Timestamp) {
        spans.record(stage, from: start, to: end)
    }

    /// Begins a new run: its stages are timed separately, and no call is in flight.
    mutating func reopen() {
        spans = StageSpans()
        unsettled = []
    }

    // MARK: - Work in flight

    /// Replaces the work in flight. Paid calls that are no longer needed, and that `event` did not end, become unsettled.
    mutating func setInFlight(_ work: Set<JobWork>, after event: JobEvent) {
        unsettled.formUnion(inFlight.subtracting(work).filter { $0.isPaid && !event.ends($0) })
        inFlight = work
    }

    /// Removes a stopped call from `unsettled`, because its cost is about to be booked.
    ///
    /// - Parameter segment: the index of its segment; `nil` for a call of the lead.
    /// - Returns: the call; `nil` if there is no such call.
    mutating func settle(segment: Int?) -> JobWork? {
        let calls = unsettled.filter { $0.segment == segment }
        // A fixed choice, so that every replay of the events chooses the same call.
        guard let call = calls.min(by: { $0.attempt < $1.attempt }) else { return nil }
        return unsettled.remove(call)
    }

    /// Removes all calls of the lead from `unsettled`.
    mutating func settleLead() { unsettled = unsettled.filter { $0.segment != nil } }
}
