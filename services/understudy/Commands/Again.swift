import ArgumentParser
import Contracts

struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a job again; what is finished is kept.",
        discussion: """
            Without options, what failed is made anew. --edit changes what a segment's picture shows, --image gives the picture \
            itself; these segments are made anew then, and the film is joined again.
            """)

    @Argument(help: "The job's id.")
    var job: String

    @Flag(help: "Make everything anew.")
    var all = false

    @Option(help: ArgumentHelp("Make this segment anew; may be repeated.", valueName: "id"))
    var segment: [String] = []

    @Option(help: ArgumentHelp("What the segment's picture shows now; may be repeated.", valueName: "id=prompt"))
    var edit: [String] = []

    @Option(help: ArgumentHelp("The segment's picture, as a URI in the store; may be repeated.", valueName: "id=uri"))
    var image: [String] = []

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        var edits: [String: SegmentEdit] = [:]
        for (id, prompt) in try pairs(edit, of: "--edit") { edits[id, default: SegmentEdit()].prompt = prompt }
        for (id, uri) in try pairs(image, of: "--image") { edits[id, default: SegmentEdit()].image = uri }
        let chosen = segment + edits.keys.filter { !segment.contains($0) }.sorted()
        let only: RetrySelection = all ? .all : chosen.isEmpty ? .failed : .segments(chosen)
        let result = try await limit.ask(
            OrchestratorAPI.retry, RetryJob(jobID: job, only: only, edits: edits.isEmpty ? nil : edits))
        Terminal.print("\(job) is \(result.state.rawValue); follow it by `understudy watch \(job)`")
    }

    private func pairs(_ texts: [String], of option: String) throws -> [(String, String)] {
        try texts.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("\(option): expected ID=..., found \(text)") }
            return (parts[0], parts[1])
        }
    }
}

struct UpgradeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "upgrade", abstract: "Let Agent5 make clips in place of the stills of a finished film.",
        discussion: "Only these segments and their fades are made anew. Where Agent5 fails, the film stays as it was.")

    @Argument(help: "The job's id.")
    var job: String

    @Option(help: ArgumentHelp("A segment that Agent6 made; may be repeated; all of them if absent.", valueName: "id"))
    var segment: [String] = []

    @Option(help: ArgumentHelp("What Agent5's clips may cost in all.", valueName: "usd"))
    var confirmCost: Double

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        let result = try await limit.ask(
            OrchestratorAPI.upgrade,
            UpgradeJob(jobID: job, segments: segment.isEmpty ? nil : segment, confirmCost: USD(confirmCost)))
        Terminal.print("\(job) is \(result.state.rawValue); follow it by `understudy watch \(job)`")
    }
}
