// SPDX-License-Identifier: Apache-2.0

/// An agent of the pipeline, in the order of the work.
///
/// The raw value is the name on the wire, in stored rows and in messages to users.
package enum Agent: String, Codable, Sendable, CaseIterable, CodingKeyRepresentable, Comparable {
    /// Writes the storyboard.
    case agent2 = "Agent2"
    /// Records the narrations.
    case agent4 = "Agent4"
    /// Makes the film.
    case lead = "Agent5"
    /// Makes the film if the lead fails.
    case understudy = "Agent6"

    /// The name shown to users, such as `Agent5`.
    package var name: String { rawValue }

    /// The name of the agent's service, of its breaker and of its stage, such as `agent5`.
    package var service: String {
        switch self {
        case .agent2: "agent2"
        case .agent4: "agent4"
        case .lead: "agent5"
        case .understudy: "agent6"
        }
    }

    /// Orders agents as they work.
    package static func < (left: Agent, right: Agent) -> Bool { left.rawValue < right.rawValue }
}
