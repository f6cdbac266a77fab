import ArgumentParser
import Contracts
import FoundationEssentials
import JSON

struct Run: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make the film of a storyboard, and show how it gets on.",
        discussion: """
            Uses the stack that runs in the run directory, or starts one for the job. Without --storyboard and --audio the inputs \
            must lie in the store already: scaffold_test/<user>/<session>/agent2/storyboard.json and agent4/<segment>.mp3.
            Ctrl-C cancels the job.

            --dry-run makes nothing and writes nothing: it prints what the understudy's film would need, cost and take.
            """)

    @Option(help: "The user's id.")
    var user: String

    @Option(help: "The session's id.")
    var session: String

    @Option(help: ArgumentHelp("A storyboard to put into the store.", valueName: "file"))
    var storyboard: String?

    @Option(help: ArgumentHelp("A folder of narrations to put into the store.", valueName: "dir"))
    var audio: String?

    @Option(help: ArgumentHelp("An option of the job, e.g. mode=fade; may be repeated.", valueName: "name=value"))
    var option: [JobOption] = []

    @Option(help: ArgumentHelp("Copy the film here.", valueName: "file"))
    var output: String?

    @Flag(help: "Only tell what the film would need, cost and take.")
    var dryRun = false

    @Flag(help: "Print JSON; only with --dry-run.")
    var json = false

    func validate() throws {
        if json, !dryRun { throw ValidationError("--json goes with --dry-run") }
    }

    func run() async throws {
        let options = Dictionary(option.map { ($0.name, $0.value) }) { _, last in last }
        let session = JobSession(
            request: JobSession.Request(
                user: user, session: session, storyboard: storyboard, audio: audio, options: .object(options),
                output: output))
        if dryRun {
            let estimate = try await session.estimate()
            return json ? try Terminal.printJSON(estimate) : Terminal.print(EstimateStory.text(estimate))
        }
        guard let receipt = try await session.run() else { throw Failure.interrupted }
        Terminal.print("film: \(output ?? receipt.videoURL ?? "")")
        Terminal.print(receipt.costs.line)
    }
}

/// `mode=fade`; what reads as a number, true or false is one, all else is a text.
struct JobOption: ExpressibleByArgument, Equatable {
    let name: String
    let value: JSONValue

    init?(argument: String) {
        let pair = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard pair.count == 2, !pair[0].isEmpty else { return nil }
        name = String(pair[0])
        let text = String(pair[1])
        switch try? JSONCoding.decode(JSONValue.self, from: Data(text.utf8)) {
        case .integer(let number): value = .integer(number)
        case .number(let number): value = .number(number)
        case .bool(let flag): value = .bool(flag)
        default: value = .string(text)
        }
    }
}
