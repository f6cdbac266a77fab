// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Calls
import Contracts
import Faults
import FoundationEssentials
import JSON
import JSONRPC
import ServiceKit
import ServicePool

/// `understudy watch`: prints status messages.
struct Watch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print the status messages of one job, or of all jobs, until Ctrl-C.")

    @Argument(help: "The job's ID; all jobs if absent.")
    var job: String?

    @Flag(help: "Print each message as a line of JSON.")
    var json = false

    func run() async throws {
        let directory = try ServiceSettings().runDirectory
        let hasEnded: Bool? = try await InterruptSignals.race { [job, json] in
            let connection = try await ReplicaConnection.connect(.orchestrator, in: directory)
            let snapshot = try await connection.call(OrchestratorAPI.watch, WatchJobs(jobID: job))
            if !json {
                for view in snapshot.jobs { Terminal.print("\(view.jobID) \(view.state.rawValue) \(view.costs.line)") }
            }
            if let job, snapshot.jobs.first(where: { $0.jobID == job })?.state.isTerminal == true { return true }
            for await notification in connection.notifications where notification.method == OrchestratorAPI.event {
                let message = try JSONCoding.decode(StatusMessage.self, from: notification.params)
                json
                    ? Terminal.print(json: String(decoding: notification.params, as: UTF8.self))
                    : Terminal.print(StatusLine.text(message))
                if job != nil, message.jobState.isTerminal { return true }
            }
            throw ServiceError(
                .unavailable, "the connection to the orchestrator was lost: run `understudy watch` again")
        }
        if hasEnded == nil { throw Failure.interrupted }
    }
}
