/// What a call hands down to the work that it starts and to the calls that this work makes.
///
/// One task local for all of it. Work that must outlive its call, or belongs to none, runs in a context of its own.
package struct CallContext: Sendable {
    /// Of the code that runs; empty where no call is being answered.
    @TaskLocal package static var current = CallContext()

    /// When the call that is being answered must be done.
    package var deadline: ContinuousClock.Instant?
    /// The process that the call comes from; absent for work that no call began.
    package var peer: Peer?
    /// What the call holds until it ends; absent for work that no call began.
    package var holdings: CallHoldings?
    /// The job that the work is for, as the caller named it.
    package var jobID: String?
    package var trace: TraceContext?

    package init(
        deadline: ContinuousClock.Instant? = nil, peer: Peer? = nil, holdings: CallHoldings? = nil,
        jobID: String? = nil, trace: TraceContext? = nil
    ) {
        self.deadline = deadline
        self.peer = peer
        self.holdings = holdings
        self.jobID = jobID
        self.trace = trace
    }

    package static var deadline: ContinuousClock.Instant? { current.deadline }
    package static var peer: Peer? { current.peer }
    package static var holdings: CallHoldings? { current.holdings }

    /// The context of a job's work, which goes on after the call that starts it or takes it up: in that call's trace, or in a new one,
    /// for the same peer, but without its deadline.
    package static func job(_ id: String) -> CallContext {
        CallContext(
            peer: current.peer, holdings: CallHoldings(), jobID: id, trace: current.trace ?? TraceContext())
    }
}
