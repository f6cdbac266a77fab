import Contracts
import Faults

/// The agents before the lead. There is no understudy for them: when one fails, the job fails with its words, unless what it
/// should have made is there already.
extension JobMachine {
    mutating func beginChain(_ agent: ChainAgent?) {
        chainAttempt = 1
        phase = agent.map(Phase.chain) ?? .loading
        loadBeganAt = updatedAt
    }

    mutating func applyChain(_ event: JobEvent, at now: Timestamp, _ drafts: inout [StatusDraft]) {
        guard case .chain(let agent) = phase else { return }
        switch event {
        case .agentSkipped(agent):
            beginChain(agent.next)
        case .agentBegun(agent):
            drafts.append(say(agent.name, .starting, "\(agent.name) is starting"))
        case .agentProgress(agent, let fraction, let message):
            let share = fraction.isFinite ? min(max(fraction, 0), 1) : 0
            drafts.append(
                say(
                    agent.name, .processing, message.isEmpty ? "\(agent.name) is working" : message,
                    progress: Progress(done: Int(share * 100), total: 100)))
        case .agentDone(agent, let result, let startedAt):
            let lost = result.wasted ?? .zero
            costs[agent.name] += result.cost + lost
            wasted += lost
            unknown += result.unknown ?? .zero
            attempted(
                agent.name, "inputs", from: startedAt, to: now, cost: result.cost + lost, unknown: result.unknown)
            stages.ran(agent.rawValue, from: startedAt, to: now)
            drafts.append(say(agent.name, .finished, "\(agent.name) is done"))
            beginChain(agent.next)
        case .agentFailed(agent, let error, let inputsExist, let startedAt):
            costs[agent.name] += error.wasted
            wasted += error.wasted
            unknown += error.unknown
            attempted(
                agent.name, "inputs", from: startedAt, to: now, cost: error.wasted, unknown: error.unknown, error: error
            )
            stages.ran(agent.rawValue, from: startedAt, to: now)
            failed(agent, error, inputsExist: inputsExist, &drafts)
        default:
            break
        }
    }

    /// Refused, reset or one 5xx: one more try, as with the lead.
    private mutating func failed(
        _ agent: ChainAgent, _ error: ServiceError, inputsExist: Bool, _ drafts: inout [StatusDraft]
    ) {
        if error.kind == .unavailable, error.retryable, chainAttempt < 2 {
            chainAttempt += 1
            drafts.append(
                say(agent.name, .processing, "\(agent.name) failed (\(error.message)), trying once more"))
            return
        }
        drafts.append(say(agent.name, .error, error.message, error: error))
        if inputsExist {
            warnings.append("\(agent.name) failed: \(error.message); what was there before is used")
            beginChain(agent.next)
        } else {
            var error = error
            error.message = "\(agent.name) failed: \(error.message)"
            conclude(.failed(error))
        }
    }
}
