/// An agent that works before the lead, in the chain's order.
enum ChainAgent: String, Sendable, Hashable, CaseIterable {
    /// Writes the storyboard.
    case agent2
    /// Speaks the narrations.
    case agent4

    /// As messages and costs call it.
    var name: String {
        switch self {
        case .agent2: "Agent2"
        case .agent4: "Agent4"
        }
    }

    /// Who comes after it; `nil` where the storyboard is loaded next.
    var next: ChainAgent? { self == .agent2 ? .agent4 : nil }
}
