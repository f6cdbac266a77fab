// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts
import FoundationEssentials
import JSON

/// `understudy run`: makes a film.
struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the film of a storyboard and show the progress.",
        discussion: """
            Uses the stack that is running in the run directory, or starts a temporary one. Without --storyboard and --audio, the \
            inputs must be in the store: scaffold_test/<user>/<session>/agent2/storyboard.json and agent4/<segment>.mp3.
            Ctrl-C cancels the job.

            --dry-run makes and writes nothing: it prints the calls, the cost and the time of a film by the understudy.
            """)

    @Option(help: "The user's ID.")
    var user: String

    @Option(help: "The session's ID.")
    var session: String

    @Option(help: ArgumentHelp("A storyboard to copy into the store.", valueName: "file"))
    var storyboard: String?

    @Option(help: ArgumentHelp("A folder of narrations to copy into the store.", valueName: "dir"))
    var audio: String?

    @Option(help: ArgumentHelp("An option of the job, e.g. mode=fade; may be repeated.", valueName: "name=value"))
    var option: [JobOption] = []

    @Option(help: ArgumentHelp("Copy the film here.", valueName: "file"))
    var output: String?

    @Flag(help: "Only estimate the calls, the cost and the time.")
    var dryRun = false

    @Flag(help: "Print JSON; only with --dry-run.")
    var json = false

    func validate() throws {
        if json, !dryRun { throw ValidationError("--json requires --dry-run") }
    }

    func run() async throws {
        let options = Dictionary(option.map { ($0.name, $0.value) }) { _, last in last }
        let session = JobSession(
            request: JobSession.Request(
                user: user, session: session, storyboard: storyboard, audio: audio, options: .object(options),
                output: output))
        if dryRun {
            let estimate = try await session.estimate()
            return json ? try Terminal.printJSON(estimate) : Terminal.print(EstimateSummary.text(estimate))
        }
        guard let receipt = try await session.run() else { throw Failure.interrupted }
        Terminal.print("film: \(output ?? receipt.videoURL ?? "")")
        Terminal.print(receipt.costs.line)
    }
}
