// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// What a job accumulates over all its runs: the ledger, the agents' latest messages, and warnings. All state machines of a job write
/// to it, in the order of the events.
struct JobRecord: Sendable {
    var ledger = Ledger()
    /// The latest message of each agent that has started.
    private(set) var agents: [Agent: AgentView] = [:]
    /// Problems to report to the user that do not stop the job.
    private(set) var warnings: [String] = []
    /// The time of the event that is being applied, or was applied last.
    private(set) var now: Timestamp
    /// The messages of the event that is being applied.
    private var drafts: [StatusDraft] = []

    init(at now: Timestamp) { self.now = now }

    /// Begins an event. Time never goes backwards, even if the clock was set back.
    mutating func beginEvent(at time: Timestamp) { now = max(now, time) }

    /// Ends the event.
    ///
    /// - Returns: the messages posted since `beginEvent(at:)`.
    mutating func endEvent() -> [StatusDraft] {
        defer { drafts = [] }
        return drafts
    }

    mutating func book(_ entry: LedgerEntry) { ledger.book(entry, at: now) }

    mutating func recordStage(_ stage: JobStage, from start: Timestamp) {
        ledger.recordStage(stage, from: start, to: now)
    }

    mutating func warn(_ warning: String) { warnings.append(warning) }

    mutating func warn(_ more: [String]) { warnings += more }

    /// Adds warnings, without duplicates.
    mutating func warnOnce(_ more: [String]) {
        for warning in more where !warnings.contains(warning) { warnings.append(warning) }
    }

    /// Posts a status message of an agent, with the current costs.
    ///
    /// - Parameters:
    ///   - progress: the job's progress; the agent's last reported progress if absent.
    ///   - state: the job's state as of this message.
    mutating func post(
        _ agent: Agent, _ status: AgentStatus, _ message: String, segmentID: String? = nil, progress: Progress? = nil,
        videoURL: String? = nil, error: ServiceError? = nil, state: JobState = .running
    ) {
        let cost = ledger.costs[agent]
        // The last reported progress applies until the agent reports another, or starts again.
        let progress = progress ?? (status == .starting ? nil : agents[agent]?.progress)
        agents[agent] = AgentView(status: status, message: message, progress: progress, cost: cost)
        drafts.append(
            StatusDraft(
                agent: agent, status: status, message: message, segmentID: segmentID, progress: progress, cost: cost,
                costs: ledger.costs, videoURL: videoURL, error: error, jobState: state))
    }
}

extension Progress {
    /// The progress of one call in percent.
    ///
    /// - Parameter share: the fraction that an agent reports; clamped to 0 to 1.
    init(share: Double) {
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        self.init(done: Int(share * 100), total: 100)
    }
}
