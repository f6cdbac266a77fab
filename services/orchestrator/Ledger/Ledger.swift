import Contracts
import JSONRPC

/// A job's books over all its runs: what was spent, wasted and saved, each attempt, the times of the stages, and which paid calls
/// are under way. It takes entries; nobody else adds to its sums.
struct Ledger: Sendable {
    private(set) var costs = Costs()
    /// What orders may have cost of which no answer says whether the provider took them.
    private(set) var unknown = USD.zero
    /// What stills would have cost that were there already.
    private(set) var saved = USD.zero
    /// What stills have cost that were prepared while the lead worked.
    private(set) var hedge = USD.zero
    private(set) var attempts: [Attempt] = []
    /// What was to be done after the last event: calls that cost and are under way.
    private(set) var granted: Set<JobWork> = []
    /// Paid calls that were stopped, until what they spent is booked.
    private(set) var unsettled: Set<JobWork> = []
    /// What of each agent's costs bought nothing.
    private var wastes = Costs()
    private var segmentCosts: [String: USD] = [:]
    private var clock = StageClock()

    /// What bought nothing that could be used.
    var wasted: USD { wastes.total }

    /// Times of the last run.
    var stages: [StageTime] { clock.times }

    /// What all attempts at a segment have cost.
    func cost(of segmentID: String) -> USD { segmentCosts[segmentID] ?? .zero }

    /// What of a limit is left; `nil` without a limit. Orders of unknown end count as spent.
    func left(of limit: USD?) -> USD? { limit.map { $0 - costs.total - unknown } }

    /// Seconds that the attempts at each segment took together.
    var secondsBySegment: [String: Double] {
        var spent: [String: Int64] = [:]
        for attempt in attempts {
            guard let id = attempt.segmentID, let end = attempt.endedAt else { continue }
            spent[id, default: 0] += end.milliseconds - attempt.startedAt.milliseconds
        }
        return spent.mapValues { Double($0) / 1000 }
    }

    // MARK: - Entries

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
        if let stage = entry.stage { ran(stage, from: entry.startedAt, to: now) }
    }

    /// Books what an agent spent for nothing outside of any attempt: what it delivered came too late.
    mutating func lose(_ wasted: USD, unknown: USD, of agent: Agent) {
        costs[agent] += wasted
        wastes[agent] += wasted
        self.unknown += unknown
    }

    /// What an agent has cost, and was booked, bought nothing after all.
    mutating func writeOff(_ cost: USD, of agent: Agent) { wastes[agent] += cost }

    /// All that an agent has cost bought nothing.
    mutating func writeOffAll(of agent: Agent) { wastes[agent] = costs[agent] }

    mutating func ran(_ stage: JobStage, from start: Timestamp, to end: Timestamp) {
        clock.ran(stage, from: start, to: end)
    }

    /// A new run begins: its stages are timed on their own, and no call is under way.
    mutating func reopen() {
        clock = StageClock()
        unsettled = []
    }

    // MARK: - Reservations

    /// From now on this work is under way. Paid calls that are no longer wanted, and have not ended with the event, are to be settled.
    mutating func grant(_ work: Set<JobWork>, after event: JobEvent) {
        unsettled.formUnion(granted.subtracting(work).filter { $0.isPaid && !event.ends($0) })
        granted = work
    }

    /// Takes a stopped call off those whose costs are not booked yet.
    ///
    /// - Parameter segment: that it was for; `nil` for the lead's.
    /// - Returns: the call; `nil` if none was stopped.
    mutating func settle(segment: Int?) -> JobWork? {
        let calls = unsettled.filter { $0.segment == segment }
        // The same one in every process.
        guard let call = calls.min(by: { $0.attempt < $1.attempt }) else { return nil }
        return unsettled.remove(call)
    }

    /// All calls of the lead are booked.
    mutating func settleLead() { unsettled = unsettled.filter { $0.segment != nil } }
}
