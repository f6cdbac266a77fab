// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts

/// `understudy status`: shows a job, or lists the newest jobs.
struct Status: AsyncParsableCommand {
    /// Jobs that are listed.
    private static let listed = 20

    static let configuration = CommandConfiguration(
        abstract: "Show the status of a job; without an ID, list the newest jobs.")

    @Argument(help: "The job's ID.")
    var job: String?

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        guard let job else {
            let list = try await limit.call(OrchestratorAPI.list, ListJobs(limit: Self.listed))
            if json { return try Terminal.printJSON(list) }
            var table = TextTable("JOB", "STATE", "USER", "SESSION", "DONE", "COST")
            for view in list.jobs {
                table.rows.append([
                    view.jobID, view.state.rawValue, view.userID, view.sessionID,
                    "\(view.progress.done)/\(view.progress.total)", view.costs.total.text,
                ])
            }
            return Terminal.print(table.text)
        }
        let view = try await limit.call(OrchestratorAPI.status, JobStatus(jobID: job))
        json ? try Terminal.printJSON(view) : Terminal.print(JobSummary.text(view))
    }
}
