import Calls
import Contracts

/// An agent that works before the lead, in the chain's order.
enum ChainAgent: String, Sendable, Hashable, CaseIterable {
    /// Writes the storyboard.
    case agent2
    /// Speaks the narrations.
    case agent4

    /// As messages and costs know it.
    var agent: Agent {
        switch self {
        case .agent2: .agent2
        case .agent4: .agent4
        }
    }

    /// Its part of a job's run.
    var stage: JobStage {
        switch self {
        case .agent2: .agent2
        case .agent4: .agent4
        }
    }

    /// The service that it runs as.
    var service: ServiceName { ServiceName(rawValue: rawValue) }

    /// Who comes after it; `nil` where the storyboard is loaded next.
    var next: ChainAgent? { self == .agent2 ? .agent4 : nil }
}
