import Contracts
import Faults
import JSON

/// One thing that goes wrong in a rehearsal, and what should come of it.
struct DrillFault: Sendable {
    /// 1 for the first.
    var number: Int
    var name: String
    var play: Play
    /// Options of the job, beside those of every rehearsal.
    var options: [String: JSONValue] = [:]
    var expectation: DrillExpectation

    /// How it goes wrong.
    enum Play: Sendable {
        /// The lead plays a script's steps: those of the first call, of the second, and so on; the last repeat.
        case script([[JSONValue]])
        /// The lead's process is gone, and its socket with nobody behind it remains.
        case leadIsGone
        /// The lead plays a script's steps, and nobody can draw.
        case imagesFail([[JSONValue]])
        /// The lead's process is gone for ten jobs, and is back then.
        case flaps
    }
}

/// What should come of a fault.
struct DrillExpectation: Sendable {
    /// Calls of the lead.
    var attempts: Int
    var outcome: Outcome
    /// What the job may cost in all, and how much of it may be wasted.
    var cost: USD
    var wasted = USD.zero
    /// Seconds that pass at least: the lead's bound that has to run out, or the wait that it asked for.
    var patience = 0.0

    enum Outcome: Sendable, Equatable {
        /// The lead's film is the job's.
        case lead
        /// The understudy makes the film; the kind of failure, and words of the lead that the receipt must repeat.
        case takeover(ErrorKind, words: String)
        /// No film; all these words stand in the job's error.
        case failure(words: [String])
        /// The breaker opens, tries the lead, and closes within so many seconds of its return.
        case recovery(within: Double)
    }

    /// One line for people.
    var text: String {
        let asked = "asked \(Count.times(attempts))"
        switch outcome {
        case .lead: return "\(asked), then Agent5's film"
        case .takeover(let kind, _): return "\(asked), then Agent6 (\(kind.rawValue))"
        case .failure: return "\(asked), an error with both causes"
        case .recovery(let seconds): return "the breaker opens, tries, closes within \(Int(seconds)) s"
        }
    }
}
