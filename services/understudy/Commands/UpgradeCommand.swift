// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts

/// `understudy upgrade`: replaces stills of a finished film by clips of the lead.
struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Replace stills of a finished film by clips of Agent5.",
        discussion:
            "Only these segments and their cross-fades are made again. If Agent5 fails, the film is not changed.")

    @Argument(help: "The job's ID.")
    var job: String

    @Option(help: ArgumentHelp("A segment made by Agent6; may be repeated; all of them if absent.", valueName: "id"))
    var segment: [String] = []

    @Option(help: ArgumentHelp("The maximum cost of Agent5's clips.", valueName: "usd"))
    var confirmCost: Double

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        let result = try await limit.call(
            OrchestratorAPI.upgrade,
            UpgradeJob(jobID: job, segments: segment.isEmpty ? nil : segment, confirmCost: USD(confirmCost)))
        Terminal.print("\(job) is \(result.state.rawValue); follow it with `understudy watch \(job)`")
    }
}
