// SPDX-License-Identifier: Apache-2.0

/// The context of a call, inherited by the work that it starts and propagated to the calls that this work makes.
///
/// A single task local carries all of it. Work that outlives its call, or that no call started, runs in a context of its own.
package struct CallContext: Sendable {
    /// The context of the running code; empty outside of calls.
    @TaskLocal package static var current = CallContext()

    /// The time by which the call must have ended.
    package var deadline: ContinuousClock.Instant?
    /// The process that made the call; absent for work that no call started.
    package var peer: Peer?
    /// The resources that the call retains until it ends; absent for work that no call started.
    package var resources: CallResources?
    /// The job that the work is for, as named by the caller.
    package var jobID: String?
    /// The trace that the call belongs to.
    package var trace: TraceContext?

    /// Creates a context; absent members do not apply.
    package init(
        deadline: ContinuousClock.Instant? = nil, peer: Peer? = nil, resources: CallResources? = nil,
        jobID: String? = nil, trace: TraceContext? = nil
    ) {
        self.deadline = deadline
        self.peer = peer
        self.resources = resources
        self.jobID = jobID
        self.trace = trace
    }

    /// The deadline of the current context.
    package static var deadline: ContinuousClock.Instant? { current.deadline }
    /// The peer of the current context.
    package static var peer: Peer? { current.peer }
    /// The resources of the current context.
    package static var resources: CallResources? { current.resources }

    /// The context for a job's work, which continues after the call that starts or resumes it.
    ///
    /// It has the call's peer but not its deadline.
    ///
    /// - Parameter trace: the job's own trace; that of the call if absent, or a new one if the call has none.
    package static func job(_ id: String, trace: TraceContext? = nil) -> CallContext {
        CallContext(
            peer: current.peer, resources: CallResources(), jobID: id,
            trace: trace ?? current.trace ?? TraceContext())
    }
}
