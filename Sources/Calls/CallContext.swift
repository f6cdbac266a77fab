/// What a call hands down to the calls that it makes.
package enum CallContext {
    /// When the call that is being answered must be done.
    @TaskLocal package static var deadline: ContinuousClock.Instant?
    /// The process that the call comes from; absent for work that no call began.
    @TaskLocal package static var peer: Peer?
    /// What the call holds until it ends; absent for work that no call began.
    @TaskLocal package static var holdings: CallHoldings?
}
