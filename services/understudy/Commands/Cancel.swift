// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Contracts

/// `understudy cancel`: cancels a job.
struct Cancel: AsyncParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Cancel a job and its calls in flight.")

    @Argument(help: "The job's ID.")
    var job: String

    @OptionGroup var limit: TimeLimit

    func run() async throws {
        let result = try await limit.call(OrchestratorAPI.cancel, JobReference(jobID: job))
        Terminal.print("\(job) \(result.state == .running ? "is being cancelled" : result.state.rawValue)")
    }
}
