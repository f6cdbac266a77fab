// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The API of `orchestrator`: runs jobs from a storyboard to a film.
///
/// ```swift
/// let job = try await pools.call(OrchestratorAPI.start, StartJob(userID: "u1", sessionID: "s1"))
/// let view = try await pools.call(OrchestratorAPI.status, JobStatus(jobID: job.jobID))
/// ```
package enum OrchestratorAPI {
    /// `orchestrator.start`: starts a job with all agents.
    package static let start = Method<StartJob, StartedJob>(
        "orchestrator.start", of: .orchestrator, idempotent: false, load: .light,
        summary: "Starts a job: the agents of the chain, then Agent5, and Agent6 if Agent5 fails.")
    /// `orchestrator.run_agent5`: starts a job whose storyboard and narrations exist, with Agent5 and its fallback.
    package static let runAgent5 = Method<StartJob, StartedJob>(
        "orchestrator.run_agent5", of: .orchestrator, idempotent: false, load: .light,
        summary: "Starts a job whose storyboard and narrations exist: Agent5 with its fallback only.")
    /// `agent6.process`: runs the fallback only and returns when the film is ready.
    package static let agent6 = Method<StartJob, Agent6Result>(
        "agent6.process", of: .orchestrator, idempotent: false,
        summary: "Runs the fallback only; replies when the film is ready, with status messages as progress.")
    /// `orchestrator.status`: returns one job.
    package static let status = Method<JobStatus, JobView>(
        "orchestrator.status", of: .orchestrator, idempotent: true, load: .light, summary: "Returns one job.")
    /// `orchestrator.list`: returns a page of jobs, newest first.
    package static let list = Method<ListJobs, JobList>(
        "orchestrator.list", of: .orchestrator, idempotent: true, load: .light, summary: "Lists jobs, newest first.")
    /// `orchestrator.receipt`: returns the receipt of a job.
    package static let receipt = Method<JobReference, Receipt>(
        "orchestrator.receipt", of: .orchestrator, idempotent: true, load: .light,
        summary: "Returns the receipt of a job.")
    /// `orchestrator.watch`: sends a snapshot, then a notification `event` for each status message until it is
    /// cancelled.
    package static let watch = Method<WatchJobs, WatchSnapshot>(
        "orchestrator.watch", of: .orchestrator, idempotent: true, load: .light,
        summary: "Sends a snapshot, then a notification orchestrator.event for each status message until cancelled.")
    /// `orchestrator.cancel`: cancels a job and the calls that it has in flight.
    package static let cancel = Method<JobReference, JobStateResult>(
        "orchestrator.cancel", of: .orchestrator, idempotent: true, load: .light,
        summary: "Cancels a job and the calls that it has in flight.")
    /// `orchestrator.retry`: runs a job again and keeps what is finished.
    package static let retry = Method<RetryJob, JobStateResult>(
        "orchestrator.retry", of: .orchestrator, idempotent: false, load: .light,
        summary: "Runs a job again, with edited segments if asked; keeps what is finished.")
    /// `orchestrator.upgrade`: replaces stills of a finished film by clips of Agent5.
    package static let upgrade = Method<UpgradeJob, JobStateResult>(
        "orchestrator.upgrade", of: .orchestrator, idempotent: false, load: .light,
        summary: "Replaces stills of a finished film by clips of Agent5.")

    /// `orchestrator.breaker`: returns or overrides the state of an agent's or image provider's breaker.
    package static let breaker = Method<BreakerRequest, BreakerView>(
        "orchestrator.breaker", of: .orchestrator, idempotent: true, load: .light,
        summary: "Returns the state of an agent's or image provider's breaker; opens, closes or resets it if asked.")

    /// The name of the notification that carries a `StatusMessage` to the callers of `watch`.
    package static let event = "orchestrator.event"
}
