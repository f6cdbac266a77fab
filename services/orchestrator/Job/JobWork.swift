/// Something that is to be done now. Follows from a job's state alone.
enum JobWork: Hashable, Sendable {
    case agent(ChainAgent, attempt: Int)
    case load
    case lead(attempt: Int)
    case checkLeadFilm
    case checkLeadClips
    case still(segment: Int, attempt: Int, provider: String?)
    case clip(segment: Int)
    case narrate(segment: Int)
    case stitch
    case verifyFilm
    case settle

    /// The segment that it is for, where it is for one.
    var segment: Int? {
        switch self {
        case .still(let segment, _, _), .clip(let segment), .narrate(let segment): segment
        default: nil
        }
    }

    /// The number of the attempt at it, where attempts are counted.
    var attempt: Int {
        switch self {
        case .agent(_, let attempt), .lead(let attempt), .still(_, let attempt, _): attempt
        default: 0
        }
    }
}

extension JobWork {
    /// Whether it may cost money that its service reports only with its reply.
    var isPaid: Bool {
        switch self {
        case .lead: true
        case .still(_, _, let provider): provider != StillProvider.card && provider != StillProvider.given
        default: false
        }
    }

    /// Whether it decodes what the understudy made, and nothing that the lead delivered. Stills have retries of their own.
    var isOwnMedia: Bool {
        switch self {
        case .clip, .narrate, .stitch, .verifyFilm: true
        default: false
        }
    }

    /// Whether it needs the artifact store itself: all but the agents, whose disks are their own affair.
    var usesStore: Bool {
        switch self {
        case .lead, .agent: false
        default: true
        }
    }
}
