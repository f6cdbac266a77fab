import NIOCore

/// A call that its connection's handler has begun and not finished: what the handler must be able to reach until then.
struct RunningCall {
    let call: Call
    /// Answers the call, and then finishes it on the event loop.
    let work: Task<Void, Never>
    /// Ends the call when its deadline passes; absent without a deadline, and once a streaming call has replied.
    var expiry: Scheduled<Void>?
    var progress = ProgressGate<ProgressReport>()
    /// Whether the reply is out and the call goes on with notifications.
    var isStreaming = false
}
