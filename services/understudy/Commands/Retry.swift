// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts

/// `understudy retry`: runs a job again.
struct Retry: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Run a job again; finished parts are reused.",
        discussion: """
            Without options, only failed parts are made again. --edit changes the prompt of a segment's still, --image replaces \
            the still; these segments are made again, and the film is stitched again.
            """)

    @Argument(help: "The job's ID.")
    var job: String

    @Flag(help: "Make all segments again.")
    var all = false

    @Option(help: ArgumentHelp("Make this segment again; may be repeated.", valueName: "id"))
    var segment: [String] = []

    @Option(help: ArgumentHelp("The new prompt of the segment's still; may be repeated.", valueName: "id=prompt"))
    var edit: [String] = []

    @Option(
        help: ArgumentHelp("The segment's still, as a URI in the store; may be repeated.", valueName: "id=uri"))
    var image: [String] = []

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        var edits: [String: SegmentEdit] = [:]
        for (id, prompt) in try pairs(edit, of: "--edit") { edits[id, default: SegmentEdit()].prompt = prompt }
        for (id, uri) in try pairs(image, of: "--image") { edits[id, default: SegmentEdit()].image = uri }
        let chosen = segment + edits.keys.filter { !segment.contains($0) }.sorted()
        let only: RetrySelection = all ? .all : chosen.isEmpty ? .failed : .segments(chosen)
        let result = try await limit.call(
            OrchestratorAPI.retry, RetryJob(jobID: job, only: only, edits: edits.isEmpty ? nil : edits))
        Terminal.print("\(job) is \(result.state.rawValue); follow it with `understudy watch \(job)`")
    }

    private func pairs(_ texts: [String], of option: String) throws -> [(String, String)] {
        try texts.map { text in
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { throw ValidationError("\(option): expected ID=..., found \(text)") }
            return (parts[0], parts[1])
        }
    }
}
