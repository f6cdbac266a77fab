// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts

/// `understudy breaker`: shows or sets the breaker of an agent or provider.
struct BreakerCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "breaker", abstract: "Show or set the circuit breaker of an agent or an image provider.",
        discussion: """
            After several failures in a row the breaker opens: the agent is not called for a while, and jobs go straight to the \
            understudy. open blocks calls and close allows them until the next reset; reset also clears the failures.
            """)

    @Argument(help: "agent5, or an image provider, e.g. imagegen/openai.")
    var agent: String

    @Argument(help: "open, close, reset or status.")
    var action: Action = .status

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var limit: TimeLimit

    /// What to do with the breaker.
    enum Action: String, ExpressibleByArgument, CaseIterable {
        case open, close, reset, status

        fileprivate var request: BreakerAction {
            switch self {
            case .open: .open
            case .close: .close
            case .reset: .reset
            case .status: .get
            }
        }
    }

    func run() async throws {
        let view = try await limit.call(
            OrchestratorAPI.breaker, BreakerRequest(agent: agent, action: action.request))
        json ? try Terminal.printJSON(view) : Terminal.print(BreakerSummary.text(view))
    }
}
