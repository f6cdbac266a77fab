import Contracts
import Faults

/// What one attempt cost and brought: the way into a job's ledger.
struct LedgerEntry: Sendable {
    /// Who made the attempt.
    let agent: Agent
    let kind: AttemptKind
    /// The id of the segment that it was for, where it was for one.
    var segmentID: String?
    let startedAt: Timestamp
    /// What it cost and brought a result for.
    var cost = USD.zero
    /// What it cost beside that, for nothing.
    var wasted = USD.zero
    /// What orders may have cost of which no answer says whether the provider took them.
    var unknown = USD.zero
    /// What it would have cost if its result had not been there already.
    var saved = USD.zero
    /// What of all that counts against the budget of stills that are prepared while the lead works.
    var hedge = USD.zero
    /// Why it failed.
    var error: ServiceError?
    /// The stage that it was a part of; `nil` where its time counts for none.
    var stage: JobStage?
    /// Who is charged, if not the agent that made the attempt.
    var payer: Agent?

    init(_ agent: Agent, _ kind: AttemptKind, segmentID: String? = nil, startedAt: Timestamp, stage: JobStage? = nil) {
        self.agent = agent
        self.kind = kind
        self.segmentID = segmentID
        self.startedAt = startedAt
        self.stage = stage
    }

    /// A failure, and what it spent.
    init(
        _ agent: Agent, _ kind: AttemptKind, segmentID: String? = nil, startedAt: Timestamp, stage: JobStage? = nil,
        failed error: ServiceError
    ) {
        self.init(agent, kind, segmentID: segmentID, startedAt: startedAt, stage: stage)
        self.error = error
        wasted = error.wasted
        unknown = error.unknown
    }

    /// An agent's answer, and what it cost.
    init(_ agent: Agent, _ kind: AttemptKind, startedAt: Timestamp, stage: JobStage, answered result: AgentResult) {
        self.init(agent, kind, startedAt: startedAt, stage: stage)
        cost = result.cost
        wasted = result.wasted ?? .zero
        unknown = result.unknown ?? .zero
    }
}
