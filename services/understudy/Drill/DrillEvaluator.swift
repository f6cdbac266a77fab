// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// Compares the receipt of a job with the expectation of its fault. A pure function of the receipt and the state of the film.
struct DrillEvaluator {
    let fault: DrillFault

    /// Evaluates a job.
    ///
    /// - Parameter filmFault: what is wrong with the film; `nil` for a good film.
    func result(_ receipt: Receipt, filmFault: String?) -> DrillResult {
        let attempts = receipt.leadAttempts
        let deviations = deviations(receipt, filmFault: filmFault)
        return DrillResult(
            fault: fault.name, expected: fault.expectation.text,
            observed: deviations.isEmpty ? summary(receipt) : deviations.joined(separator: "; "),
            attempts: attempts.count,
            takeover: receipt.secondsToTakeover, isFilmGood: filmFault == nil, cost: receipt.costs.total,
            isPassed: deviations.isEmpty)
    }

    /// A sentence for each deviation from the expectation.
    private func deviations(_ receipt: Receipt, filmFault: String?) -> [String] {
        let (expected, attempts) = (fault.expectation, receipt.leadAttempts)
        var deviations: [String] = []
        if attempts.count != expected.attempts {
            let calls = attempts.isEmpty ? "not called" : "called \(Formatting.times(attempts.count))"
            deviations.append("Agent5 was \(calls)")
        }
        deviations += outcome(receipt, filmFault: filmFault)
        if receipt.costs.total != expected.cost {
            deviations.append("\(receipt.costs.total.text) was booked, not \(expected.cost.text)")
        }
        if receipt.wasted != expected.wasted {
            deviations.append("\(receipt.wasted.text) was booked as wasted, not \(expected.wasted.text)")
        }
        if let first = attempts.first, let last = attempts.last?.endedAt,
            last.seconds(since: first.startedAt) < expected.minimumWait
        {
            deviations.append("Agent5 was not given its \(expected.minimumWait) s")
        }
        return deviations
    }

    private func outcome(_ receipt: Receipt, filmFault: String?) -> [String] {
        var deviations: [String] = []
        switch fault.expectation.outcome {
        case .lead:
            if let takeover = receipt.takeover { deviations.append("Agent6 took over: \(takeover.reason)") }
            deviations += made(by: .lead, receipt, filmFault: filmFault)
        case .takeover(let kind, let text):
            guard let takeover = receipt.takeover else { return ["there was no takeover"] }
            if takeover.kind != kind {
                deviations.append("the reason is \(takeover.kind.rawValue): \(takeover.reason)")
            }
            if !takeover.reason.contains(text) { deviations.append("the reason says \"\(takeover.reason)\"") }
            deviations += made(by: .understudy, receipt, filmFault: filmFault)
        case .failure(let texts):
            if receipt.state != .error { deviations.append("the job ended as \(receipt.state.rawValue)") }
            let message = receipt.error?.message ?? ""
            let missing = texts.filter { !message.contains($0) }
            deviations += missing.map { "the error does not contain \"\($0)\": \(message)" }
        case .recovery:
            deviations.append("a single job shows no recovery")
        }
        return deviations
    }

    private func made(by agent: Agent, _ receipt: Receipt, filmFault: String?) -> [String] {
        var deviations: [String] = []
        if receipt.state != .finished {
            deviations.append("the job ended as \(receipt.state.rawValue): \(receipt.error?.message ?? "")")
        }
        if receipt.segments.contains(where: { $0.maker != agent }) {
            deviations.append("\(agent.name) did not make the film")
        }
        if let filmFault, receipt.state == .finished { deviations.append(filmFault) }
        return deviations
    }

    /// How the job ended, if as expected.
    private func summary(_ receipt: Receipt) -> String {
        if let error = receipt.error { return error.message }
        guard let takeover = receipt.takeover else {
            let reason = receipt.leadAttempts.compactMap(\.error).first
            return "Agent5's film" + (reason.map { " after \"\($0.message)\"" } ?? "")
        }
        return "Agent6's film after \"\(takeover.reason)\""
    }
}
