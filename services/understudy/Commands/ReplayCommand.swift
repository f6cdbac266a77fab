// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Faults
import ServiceKit

/// `understudy replay`: makes the calls of a recording again.
struct ReplayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "replay", abstract: "Make the calls of a recording of `understudy tap` again.",
        discussion: """
            The calls are made one after the other, on the first replica of the service. Their results are compared with the recorded
            ones. Nothing is called if one of the calls cannot be repeated: all methods must be idempotent. The exit status is 1 if a
            call fails that did not fail when it was recorded.
            """)

    @Argument(help: ArgumentHelp("A file that `understudy tap --record` has written.", valueName: "file"))
    var recording: String

    @Argument(help: "E.g. imagegen, clipper.", completion: Completions.services)
    var service: String

    @Option(help: ArgumentHelp("Only the calls of a method.", valueName: "m"))
    var method: String?

    @Option(help: ArgumentHelp("Only the calls for a job.", valueName: "id"))
    var job: String?

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        let calls = try RecordedCall.read(recording, filter: TapFilter(job: job, method: method))
        try RunningReplicas.check(service: service, instance: nil, in: directory)
        let replay = try await Replay.prepare(calls, service: service, in: directory)
        let failures = try await InterruptSignals.race { try await replay.run() }
        guard let failures else { throw Failure.interrupted }
        guard failures == 0 else { throw ExitCode(1) }
    }
}
