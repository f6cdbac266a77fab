// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The costs and the result of one attempt, to be booked in a job's ledger.
struct LedgerEntry: Sendable {
    /// The agent that made the attempt.
    let agent: Agent
    /// The kind of work.
    let kind: AttemptKind
    /// The id of the attempt's segment; `nil` for work on the whole job.
    var segmentID: String?
    let startedAt: Timestamp
    /// The cost of its result.
    var cost = USD.zero
    /// Further cost without a usable result.
    var wasted = USD.zero
    /// The possible cost of orders whose charge status is unknown.
    var unknown = USD.zero
    /// The cost that was saved because the result was cached.
    var saved = USD.zero
    /// The part of these costs that counts against the hedge's budget.
    var hedge = USD.zero
    /// Why the attempt failed; `nil` if it succeeded.
    var error: ServiceError?
    /// The stage that the attempt's time counts for; `nil` for none.
    var stage: JobStage?
    /// The agent whose costs it counts towards, if not `agent`.
    var payer: Agent?

    /// An attempt without costs.
    init(_ agent: Agent, _ kind: AttemptKind, segmentID: String? = nil, startedAt: Timestamp, stage: JobStage? = nil) {
        self.agent = agent
        self.kind = kind
        self.segmentID = segmentID
        self.startedAt = startedAt
        self.stage = stage
    }

    /// A failed attempt, with the cost that its error reports.
    init(
        _ agent: Agent, _ kind: AttemptKind, segmentID: String? = nil, startedAt: Timestamp, stage: JobStage? = nil,
        failed error: ServiceError
    ) {
        self.init(agent, kind, segmentID: segmentID, startedAt: startedAt, stage: stage)
        self.error = error
        wasted = error.wasted
        unknown = error.unknown
    }

    /// An attempt that an agent answered, with the cost that its result reports.
    init(_ agent: Agent, _ kind: AttemptKind, startedAt: Timestamp, stage: JobStage, answered result: AgentResult) {
        self.init(agent, kind, startedAt: startedAt, stage: stage)
        cost = result.cost
        wasted = result.wasted ?? .zero
        unknown = result.unknown ?? .zero
    }
}
