// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials

/// Runs each call of a server in its own `CallContext`.
///
/// A call without a valid trace starts one, except calls of system methods, which make no calls of their own.
struct ContextReceiver: ServerInterceptor {
    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data {
        let context = CallContext(
            deadline: call.deadline, peer: call.peer, resources: CallResources(), jobID: call.jobID,
            trace: call.trace ?? (call.isSystem ? nil : TraceContext()))
        return try await CallContext.$current.withValue(context) { () async -> Result<Data, ServiceError> in
            do throws(ServiceError) {
                return .success(try await next.answer(call))
            } catch {
                return .failure(error)
            }
        }.get()
    }
}
