import Contracts
import Faults

/// Compares what came of a job with what should have. Pure: a receipt and the film's fault go in, a result comes out.
struct DrillJudge {
    let fault: DrillFault

    /// - Parameter filmFault: what is wrong with the film; `nil` for a good one.
    func result(_ receipt: Receipt, filmFault: String?) -> DrillResult {
        let asked = receipt.leadAttempts
        let faults = deviations(receipt, filmFault: filmFault)
        return DrillResult(
            fault: fault.name, expected: fault.expectation.text,
            observed: faults.isEmpty ? story(receipt) : faults.joined(separator: "; "), attempts: asked.count,
            takeover: receipt.secondsToTakeover, isFilmGood: filmFault == nil, cost: receipt.costs.total,
            isPassed: faults.isEmpty)
    }

    /// What is not as expected, one sentence each.
    private func deviations(_ receipt: Receipt, filmFault: String?) -> [String] {
        let (expected, asked) = (fault.expectation, receipt.leadAttempts)
        var faults: [String] = []
        if asked.count != expected.attempts { faults.append("Agent5 was asked \(Count.times(asked.count))") }
        faults += outcome(receipt, filmFault: filmFault)
        if receipt.costs.total != expected.cost {
            faults.append("\(receipt.costs.total.text) was booked, not \(expected.cost.text)")
        }
        if receipt.wasted != expected.wasted {
            faults.append("\(receipt.wasted.text) was booked as wasted, not \(expected.wasted.text)")
        }
        // The last thing that the lead said or failed to say came after the bound that it was given.
        if let first = asked.first, let last = asked.last?.endedAt,
            last.seconds(since: first.startedAt) < expected.patience
        {
            faults.append("Agent5 was not given its \(expected.patience) s")
        }
        return faults
    }

    private func outcome(_ receipt: Receipt, filmFault: String?) -> [String] {
        var faults: [String] = []
        switch fault.expectation.outcome {
        case .lead:
            if let takeover = receipt.takeover { faults.append("Agent6 took over: \(takeover.reason)") }
            faults += made(by: .lead, receipt, filmFault: filmFault)
        case .takeover(let kind, let words):
            guard let takeover = receipt.takeover else { return ["nobody took over"] }
            if takeover.kind != kind { faults.append("the reason is \(takeover.kind.rawValue): \(takeover.reason)") }
            if !takeover.reason.contains(words) { faults.append("the reason says \"\(takeover.reason)\"") }
            faults += made(by: .understudy, receipt, filmFault: filmFault)
        case .failure(let words):
            if receipt.state != .error { faults.append("the job ended as \(receipt.state.rawValue)") }
            let message = receipt.error?.message ?? ""
            let missing = words.filter { !message.contains($0) }
            faults += missing.map { "the error does not tell \"\($0)\": \(message)" }
        case .recovery:
            faults.append("one job alone shows no recovery")
        }
        return faults
    }

    private func made(by agent: Agent, _ receipt: Receipt, filmFault: String?) -> [String] {
        var faults: [String] = []
        if receipt.state != .finished {
            faults.append("the job ended as \(receipt.state.rawValue): \(receipt.error?.message ?? "")")
        }
        if receipt.segments.contains(where: { $0.maker != agent }) {
            faults.append("\(agent.name) did not make the film")
        }
        if let filmFault, receipt.state == .finished { faults.append(filmFault) }
        return faults
    }

    private func story(_ receipt: Receipt) -> String {
        if let error = receipt.error { return error.message }
        guard let takeover = receipt.takeover else {
            let reason = receipt.leadAttempts.compactMap(\.error).first
            return "Agent5's film" + (reason.map { " after \"\($0.message)\"" } ?? "")
        }
        return "Agent6's film after \"\(takeover.reason)\""
    }
}
