// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts

/// An agent that runs before the lead, in the order of the chain.
enum ChainAgent: String, Sendable, Hashable, CaseIterable {
    /// Writes the storyboard.
    case agent2
    /// Makes the narrations.
    case agent4

    /// The agent in messages and costs.
    var agent: Agent {
        switch self {
        case .agent2: .agent2
        case .agent4: .agent4
        }
    }

    /// The stage of a job that the agent's time counts for.
    var stage: JobStage {
        switch self {
        case .agent2: .agent2
        case .agent4: .agent4
        }
    }

    /// The service that implements the agent.
    var service: ServiceName { ServiceName(rawValue: rawValue) }

    /// The next agent of the chain; `nil` if the storyboard is loaded next.
    var next: ChainAgent? { self == .agent2 ? .agent4 : nil }
}
