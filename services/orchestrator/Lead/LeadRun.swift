import Contracts
import Faults

/// One run of the lead: from its first call to what it delivers.
struct LeadRun: Sendable {
    let beganAt: Timestamp
    /// What it is asked for; `nil` for the whole film.
    let upgrade: Upgrade?
    /// The lead asked to be left alone until then.
    var notBefore: Timestamp?
}

/// What the lead delivered, before it is checked.
enum Delivery: Sendable {
    /// The artifact URI of a film.
    case film(String)
    case clips([AgentClip])
}

/// What an event means for a job that the lead works on.
enum LeadStep: Sendable {
    case stays
    /// The lead is called again.
    case retries(LeadRun)
    case delivers(Delivery)
    /// Its film is good.
    case makes(Film)
    /// Its clips, by segment: all that is wanted of it.
    case keeps([String: String?])
    /// The understudy takes over, beside the lead's good clips.
    case keepsSome([String: String?], ServiceError)
    /// - isBarred: whether it was not called at all, since its breaker is open.
    case fails(ServiceError, isBarred: Bool = false)
}
