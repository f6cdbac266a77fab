// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults

/// The expected result of a fault.
struct DrillExpectation: Sendable {
    /// The number of calls of the lead.
    var attempts: Int
    var outcome: Outcome
    /// The total cost of the job.
    var cost: USD
    /// The part of the cost that is booked as wasted.
    var wasted = USD.zero
    /// Seconds that the last call of the lead must have taken at least: a timeout that has to run out, or a requested delay.
    var minimumWait = 0.0

    /// How a job should end.
    enum Outcome: Sendable, Equatable {
        /// The film is the lead's.
        case lead
        /// The understudy makes the film. The receipt must have this kind of failure, and this text in its reason.
        case takeover(ErrorKind, text: String)
        /// There is no film. The job's error must contain all these texts.
        case failure(texts: [String])
        /// The breaker opens, probes the lead, and closes within some seconds after it is back.
        case recovery(within: Double)
    }

    /// The expectation as one line of text.
    var text: String {
        let calls = "called \(Formatting.times(attempts))"
        switch outcome {
        case .lead: return "\(calls), then Agent5's film"
        case .takeover(let kind, _): return "\(calls), then Agent6 (\(kind.rawValue))"
        case .failure: return "\(calls), an error with both causes"
        // trusted: a constant of `DrillFault.all`
        case .recovery(let seconds): return "the breaker opens, probes, closes within \(Int(seconds)) s"
        }
    }
}
