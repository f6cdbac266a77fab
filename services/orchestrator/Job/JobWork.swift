// SPDX-License-Identifier: Apache-2.0

/// A piece of work that a job needs. Derived from the job's state alone (`JobMachine.work`).
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

    /// The index of the segment that the work is for; `nil` for work on the whole job.
    var segment: Int? {
        switch self {
        case .still(let segment, _, _), .clip(let segment), .narrate(let segment): segment
        default: nil
        }
    }

    /// The number of the attempt; 0 for work whose attempts are not counted.
    var attempt: Int {
        switch self {
        case .agent(_, let attempt), .lead(let attempt), .still(_, let attempt, _): attempt
        default: 0
        }
    }
}

extension JobWork {
    /// Whether the work may cost money that its service reports only with its reply.
    var isPaid: Bool {
        switch self {
        case .lead: true
        case .still(_, _, let provider): provider != StillProvider.card && provider != StillProvider.userImage
        default: false
        }
    }

    /// Whether the work decodes only media that the understudy made. Stills are excluded because `imagegen` retries them itself.
    var isOwnMedia: Bool {
        switch self {
        case .clip, .narrate, .stitch, .verifyFilm: true
        default: false
        }
    }

    /// Whether the work accesses the artifact store. Agents do not count: they report their own storage failures.
    var usesStore: Bool {
        switch self {
        case .lead, .agent: false
        default: true
        }
    }
}
