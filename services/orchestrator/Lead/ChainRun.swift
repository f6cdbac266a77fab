// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The run of the agents before the lead, one after the other. They have no fallback: if one fails, the job fails with its error,
/// unless its output exists from an earlier run.
struct ChainRun: Sendable {
    /// What an event means for the job.
    enum Step: Sendable {
        /// Nothing changes.
        case unchanged
        /// The last agent has finished: the storyboard is read next.
        case finished
        /// An agent failed, and its output does not exist.
        case failed(ServiceError)
    }

    /// The agent that is being called.
    private(set) var agent: ChainAgent
    /// The number of the current call of the agent, from 1.
    private(set) var attempt = 1
    /// When the agent's first call began.
    private(set) var beganAt: Timestamp

    init(_ agent: ChainAgent, at now: Timestamp) {
        self.agent = agent
        beganAt = now
    }

    /// Applies an event of the current agent. Events of other agents change nothing.
    mutating func apply(_ event: JobEvent, _ record: inout JobRecord) -> Step {
        let name = agent.agent.name
        switch event {
        case .agentSkipped(agent): return advance(record)
        case .agentBegun(agent): record.post(agent.agent, .starting, "\(name) is starting")
        case .agentProgress(agent, let fraction, let message):
            record.post(
                agent.agent, .processing, message.isEmpty ? "\(name) is working" : message,
                progress: Progress(share: fraction))
        case .agentDone(agent, let result, let startedAt):
            record.book(LedgerEntry(agent.agent, .inputs, startedAt: startedAt, stage: agent.stage, answered: result))
            record.post(agent.agent, .finished, "\(name) is done")
            return advance(record)
        case .agentFailed(agent, let error, let inputsExist, let startedAt):
            record.book(LedgerEntry(agent.agent, .inputs, startedAt: startedAt, stage: agent.stage, failed: error))
            return failed(error, inputsExist: inputsExist, &record)
        default: break
        }
        return .unchanged
    }

    private mutating func advance(_ record: JobRecord) -> Step {
        guard let next = agent.next else { return .finished }
        self = ChainRun(next, at: record.now)
        return .unchanged
    }

    /// Retries once if the agent was unavailable (refused, reset, HTTP 5xx), as with the lead.
    private mutating func failed(_ error: ServiceError, inputsExist: Bool, _ record: inout JobRecord) -> Step {
        let name = agent.agent.name
        if error.kind == .unavailable, error.retryable, attempt < 2 {
            attempt += 1
            record.post(agent.agent, .processing, "\(name) failed (\(error.message)), retrying")
            return .unchanged
        }
        record.post(agent.agent, .error, error.message, error: error)
        guard inputsExist else {
            var error = error
            error.message = "\(name) failed: \(error.message)"
            return .failed(error)
        }
        record.warn("\(name) failed: \(error.message); the existing files are used")
        return advance(record)
    }
}
