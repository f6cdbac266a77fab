// SPDX-License-Identifier: Apache-2.0

import Calls
import FoundationEssentials

/// Propagates deadline, job and trace of the current `CallContext` to outgoing calls.
struct ContextSender: ClientInterceptor {
    func intercept(
        _ call: OutgoingCall, _ next: @Sendable (OutgoingCall) async throws -> Data
    ) async throws -> Data {
        let context = CallContext.current
        var call = call
        if let deadline = context.deadline {
            let remaining = ContinuousClock.now.duration(to: deadline)
            call.timeout = min(call.timeout ?? remaining, remaining)
        }
        call.jobID = call.jobID ?? context.jobID
        call.traceparent = call.traceparent ?? context.trace?.traceparent()
        return try await next(call)
    }
}
