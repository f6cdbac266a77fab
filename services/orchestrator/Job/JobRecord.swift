import Contracts
import Faults

/// What a job has to show over all its runs: its books, where its agents stand, and its warnings. All machines of a job write into it,
/// in the order in which things happen.
struct JobRecord: Sendable {
    var ledger = Ledger()
    /// Agents that have begun, as their last messages left them.
    private(set) var agents: [Agent: AgentView] = [:]
    /// What the user should know although the job goes on.
    private(set) var warnings: [String] = []
    /// The moment of the event that is being applied, or was applied last.
    private(set) var now: Timestamp
    /// Messages of the event that is being applied.
    private var drafts: [StatusDraft] = []

    init(at now: Timestamp) { self.now = now }

    /// An event begins. A clock that was set back must not make anything end before it began.
    mutating func begin(at moment: Timestamp) { now = max(now, moment) }

    /// - Returns: the messages of the event.
    mutating func end() -> [StatusDraft] {
        defer { drafts = [] }
        return drafts
    }

    mutating func book(_ entry: LedgerEntry) { ledger.book(entry, at: now) }

    mutating func ran(_ stage: JobStage, from start: Timestamp) { ledger.ran(stage, from: start, to: now) }

    mutating func warn(_ warning: String) { warnings.append(warning) }

    mutating func warn(_ more: [String]) { warnings += more }

    /// Adds the warnings that are not there yet.
    mutating func warnOnce(_ more: [String]) {
        for warning in more where !warnings.contains(warning) { warnings.append(warning) }
    }

    /// A message of an agent, with the costs as they are now; remembers where the agent stands.
    ///
    /// - Parameters:
    ///   - progress: of the job; what the agent reported last if absent.
    ///   - state: of the job with this message.
    mutating func say(
        _ agent: Agent, _ status: AgentStatus, _ message: String, segmentID: String? = nil, progress: Progress? = nil,
        videoURL: String? = nil, error: ServiceError? = nil, state: JobState = .running
    ) {
        let cost = ledger.costs[agent]
        // What it reported stays true until it reports something else, or begins again.
        let progress = progress ?? (status == .starting ? nil : agents[agent]?.progress)
        agents[agent] = AgentView(status: status, message: message, progress: progress, cost: cost)
        drafts.append(
            StatusDraft(
                agent: agent, status: status, message: message, segmentID: segmentID, progress: progress, cost: cost,
                costs: ledger.costs, videoURL: videoURL, error: error, jobState: state))
    }
}

extension Progress {
    /// A share of one call's work, 0 to 1, as an agent reports it; in hundredths.
    init(share: Double) {
        let share = share.isFinite ? min(max(share, 0), 1) : 0
        self.init(done: Int(share * 100), total: 100)
    }
}
