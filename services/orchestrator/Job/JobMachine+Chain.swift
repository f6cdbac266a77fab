import Contracts
import JSONRPC

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
            drafts.append(say(agent.agent, .starting, "\(agent.agent.name) is starting"))
        case .agentProgress(agent, let fraction, let message):
            let share = fraction.isFinite ? min(max(fraction, 0), 1) : 0
            drafts.append(
                say(
                    agent.agent, .processing, message.isEmpty ? "\(agent.agent.name) is working" : message,
                    progress: Progress(done: Int(share * 100), total: 100)))
        case .agentDone(agent, let result, let startedAt):
            let lost = result.wasted ?? .zero
            costs[agent.agent] += result.cost + lost
            wasted += lost
            unknown += result.unknown ?? .zero
            attempted(
                agent.agent, .inputs, from: startedAt, to: now, cost: result.cost + lost, unknown: result.unknown)
            stages.ran(agent.stage, from: startedAt, to: now)
            drafts.append(say(agent.agent, .finished, "\(agent.agent.name) is done"))
            beginChain(agent.next)
        case .agentFailed(agent, let error, let inputsExist, let startedAt):
            costs[agent.agent] += error.wasted
            wasted += error.wasted
            unknown += error.unknown
            attempted(
                agent.agent, .inputs, from: startedAt, to: now, cost: error.wasted, unknown: error.unknown, error: error
            )
            stages.ran(agent.stage, from: startedAt, to: now)
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
                say(agent.agent, .processing, "\(agent.agent.name) failed (\(error.message)), trying once more"))
            return
        }
        drafts.append(say(agent.agent, .error, error.message, error: error))
        if inputsExist {
            warnings.append("\(agent.agent.name) failed: \(error.message); what was there before is used")
            beginChain(agent.next)
        } else {
            var error = error
            error.message = "\(agent.agent.name) failed: \(error.message)"
            conclude(.failed(error))
        }
    }
}
