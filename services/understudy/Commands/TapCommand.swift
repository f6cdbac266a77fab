// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Faults
import ServiceKit

/// `understudy tap`: shows the messages of running replicas.
struct TapCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tap", abstract: "Show the messages between a service and its clients, until Ctrl-C.",
        discussion: """
            Nothing is stopped or moved: each replica mirrors its messages to who reads its tap. A request that is unfinished when the
            tap begins is shown first, with the time at which it began. Secrets are replaced by ***. A reader that is too slow misses
            messages, and is told how many.
            """)

    @Argument(help: "E.g. imagegen, orchestrator.", completion: Completions.services)
    var service: String

    @Argument(
        help: "The replica, e.g. imagegen-1; all replicas of the service, also those that start later, if absent.",
        completion: Completions.instances)
    var instance: String?

    @Option(help: ArgumentHelp("Only the messages of a job.", valueName: "id"))
    var job: String?

    @Option(
        help: ArgumentHelp("Only the messages of a method, e.g. clipper.create.", valueName: "m"),
        completion: Completions.methods)
    var method: String?

    @Flag(help: "Print each message as a line of JSON.")
    var json = false

    @Option(help: ArgumentHelp("Also write the messages to a file, for `understudy replay`.", valueName: "file"))
    var record: String?

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        try RunningReplicas.check(service: service, instance: instance, in: directory)
        let output = TapOutput(
            filter: TapFilter(job: job, method: method), json: json, file: try record.map { try RecordingFile($0) })
        let replicas = TappedReplicas(service: service, instance: instance, directory: directory, output: output)
        if try await InterruptSignals.race({ try await replicas.follow() }) == nil { throw Failure.interrupted }
    }
}
