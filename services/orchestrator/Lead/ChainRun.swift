import Contracts
import Faults

/// The agents before the lead, one after the other. There is no understudy for them: when one fails, the job fails with its words,
/// unless what it should have made is there already.
struct ChainRun: Sendable {
    /// What an event means for the job.
    enum Step: Sendable {
        case stays
        /// The last agent is done: the storyboard is read next.
        case ends
        case fails(ServiceError)
    }

    private(set) var agent: ChainAgent
    /// Calls of the agent, this one included.
    private(set) var attempt = 1
    /// When the agent's part began.
    private(set) var beganAt: Timestamp

    init(_ agent: ChainAgent, at now: Timestamp) {
        self.agent = agent
        beganAt = now
    }

    mutating func apply(_ event: JobEvent, _ record: inout JobRecord) -> Step {
        let name = agent.agent.name
        switch event {
        case .agentSkipped(agent): return goOn(record)
        case .agentBegun(agent): record.say(agent.agent, .starting, "\(name) is starting")
        case .agentProgress(agent, let fraction, let message):
            record.say(
                agent.agent, .processing, message.isEmpty ? "\(name) is working" : message,
                progress: Progress(share: fraction))
        case .agentDone(agent, let result, let startedAt):
            record.book(LedgerEntry(agent.agent, .inputs, startedAt: startedAt, stage: agent.stage, answered: result))
            record.say(agent.agent, .finished, "\(name) is done")
            return goOn(record)
        case .agentFailed(agent, let error, let inputsExist, let startedAt):
            record.book(LedgerEntry(agent.agent, .inputs, startedAt: startedAt, stage: agent.stage, failed: error))
            return failed(error, inputsExist: inputsExist, &record)
        default: break
        }
        return .stays
    }

    private mutating func goOn(_ record: JobRecord) -> Step {
        guard let next = agent.next else { return .ends }
        self = ChainRun(next, at: record.now)
        return .stays
    }

    /// Refused, reset or one 5xx: one retry, as with the lead.
    private mutating func failed(_ error: ServiceError, inputsExist: Bool, _ record: inout JobRecord) -> Step {
        let name = agent.agent.name
        if error.kind == .unavailable, error.retryable, attempt < 2 {
            attempt += 1
            record.say(agent.agent, .processing, "\(name) failed (\(error.message)), trying once more")
            return .stays
        }
        record.say(agent.agent, .error, error.message, error: error)
        guard inputsExist else {
            var error = error
            error.message = "\(name) failed: \(error.message)"
            return .fails(error)
        }
        record.warn("\(name) failed: \(error.message); what was there before is used")
        return goOn(record)
    }
}
