/// Who works on a job, in the order of the work. The raw value is the name on the wire, in stored rows and in messages to people.
package enum Agent: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable, Comparable {
    /// Writes the storyboard.
    case agent2 = "Agent2"
    /// Speaks the narrations.
    case agent4 = "Agent4"
    /// Makes the film.
    case lead = "Agent5"
    /// Makes the film where the lead does not.
    case understudy = "Agent6"

    /// The name for people.
    package var name: String { rawValue }

    /// The name of its service, its breaker and its stage.
    package var service: String {
        switch self {
        case .agent2: "agent2"
        case .agent4: "agent4"
        case .lead: "agent5"
        case .understudy: "agent6"
        }
    }

    package static func < (left: Agent, right: Agent) -> Bool { left.rawValue < right.rawValue }
}

/// What an attempt was made at.
package enum AttemptKind: String, Codable, Sendable, CaseIterable {
    /// What the agents before the lead make.
    case inputs
    /// The lead's film, or its clips.
    case film
    case still = "image"
    case clip
    case narration
    case stitch
}

/// A stage of a job's run.
package enum JobStage: String, Codable, Sendable, CaseIterable {
    case load
    case agent2
    case agent4
    case lead = "agent5"
    case stills = "images"
    case clips
    case narration
    case stitch
    case verify
}
