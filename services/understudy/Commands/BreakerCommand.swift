import ArgumentParser
import Contracts

struct BreakerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breaker", abstract: "Show an agent's breaker, or set it by hand.",
        discussion: """
            After failures in a row an agent is not called for a while, and jobs go straight to the understudy. open keeps calls \
            away, close lets them through, both until the next reset; reset forgets the failures.
            """)

    @Argument(help: "agent5, or the name of an image provider.")
    var agent: String

    @Argument(help: "open, close, reset or status.")
    var action: Action = .status

    @Flag(help: "Print the breaker as JSON.")
    var json = false

    @OptionGroup var limit: TimeLimit

    enum Action: String, ExpressibleByArgument, CaseIterable {
        case open, close, reset, status

        var request: BreakerAction {
            switch self {
            case .open: .open
            case .close: .close
            case .reset: .reset
            case .status: .get
            }
        }
    }

    func run() async throws {
        let view = try await limit.ask(
            OrchestratorAPI.breaker, BreakerRequest(agent: agent, action: action.request))
        json ? try Terminal.printJSON(view) : Terminal.print(BreakerStory.text(view))
    }
}

/// A breaker in words.
enum BreakerStory {
    static func text(_ view: BreakerView) -> String {
        var sentences = [state(view)]
        if view.failures > 0 {
            sentences.append("\(view.failures) \(view.failures == 1 ? "failure" : "failures in a row").")
        }
        if let moment = view.probesAt { sentences.append("The next try is at \(Moment.text(moment)).") }
        return sentences.joined(separator: " ")
    }

    private static func state(_ view: BreakerView) -> String {
        let meaning =
            switch view.state {
            case .closed: "closed: jobs call \(view.agent)"
            case .open: "open: jobs go straight to the understudy"
            case .halfOpen: "half open: one job tries whether \(view.agent) is back"
            }
        let byHand = view.forced ? ", set by hand" : ""
        return "The breaker of \(view.agent) is \(meaning)\(byHand), since \(Moment.text(view.since))."
    }
}
