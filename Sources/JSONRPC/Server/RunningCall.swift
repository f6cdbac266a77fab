// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The state of a call that its connection's handler has started and not finished.
struct RunningCall {
    let call: Call
    let started = ContinuousClock.now
    /// Runs the method, then finishes the call on the event loop.
    let work: Task<Void, Never>
    /// Ends the call at its deadline; absent without a deadline, and after a streaming call has replied.
    var expiry: Scheduled<Void>?
    var progress = ProgressRateLimiter<ProgressReport>()
    /// Whether the reply has been sent and the call continues with notifications.
    var isStreaming = false
}
