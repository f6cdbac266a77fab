import Contracts
import Faults
import JSONRPC

/// How long an agent's call may take: in all, waiting for a replica, until its first progress, and between signs of life.
/// Pure: moments are seconds since the job first turned to the agent.
struct LeadClock: Sendable {
    /// Seconds.
    struct Bounds: Sendable, Equatable {
        /// For all calls of a job together.
        var whole = JobDefaults.agent5Timeout
        /// For a replica with room; as long as the whole if absent.
        var queue: Double?
        /// From the sending to the first progress; as `stall` if absent.
        var firstProgress: Double?
        /// Between one sign of life and the next.
        var stall = JobDefaults.agent5Stall
    }

    /// What is to be done at a moment.
    enum Look: Equatable {
        /// Nothing can have passed before then.
        case again(at: Double)
        case expired(ServiceError)
    }

    let agent: Agent
    let bounds: Bounds
    private let calledAt: Double
    private var sentAt: Double?
    private var signedAt: Double?

    /// - Parameters:
    ///   - agent: whose call it is.
    ///   - calledAt: when this call began to look for a replica.
    init(_ agent: Agent, _ bounds: Bounds, calledAt: Double = 0) {
        self.agent = agent
        self.bounds = bounds
        self.calledAt = calledAt
    }

    /// The call is on its way to a replica.
    mutating func sent(at now: Double) { sentAt = now }

    /// The agent gave a sign of life.
    mutating func signed(at now: Double) { signedAt = now }

    func look(at now: Double) -> Look {
        let (moment, words) = nearest
        if now >= moment { return .expired(ServiceError(.timeout, "\(agent.name) \(words)")) }
        // Whatever happens meanwhile can end the call no sooner than after the shorter of these two.
        return .again(at: min(moment, now + min(bounds.firstProgress ?? bounds.stall, bounds.stall)))
    }

    /// The bound that passes first if nothing happens.
    private var nearest: (moment: Double, words: String) {
        let whole = (bounds.whole, "did not finish within \(Self.text(bounds.whole))")
        let other: (Double, String)? =
            if let signedAt {
                (signedAt + bounds.stall, "was silent for \(Self.text(bounds.stall))")
            } else if let sentAt, let first = bounds.firstProgress {
                (sentAt + first, "made no progress within its first \(Self.text(first))")
            } else if let sentAt {
                (sentAt + bounds.stall, "was silent for \(Self.text(bounds.stall))")
            } else {
                bounds.queue.map { (calledAt + $0, "had no replica with room within \(Self.text($0))") }
            }
        guard let other, other.0 < whole.0 else { return whole }
        return other
    }

    /// `300 s`, `0.05 s`.
    private static func text(_ seconds: Double) -> String {
        // trusted: checked on the same line
        seconds == seconds.rounded() && abs(seconds) < 1e9 ? "\(Int(seconds)) s" : "\(seconds) s"
    }
}
