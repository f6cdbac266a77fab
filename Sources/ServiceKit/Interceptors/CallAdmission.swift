// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSONRPC

/// Admits calls of the service's own methods within its capacity, and records their outcomes.
struct CallAdmission: ServerInterceptor {
    let callTracker: CallTracker

    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data {
        guard let admission = try callTracker.enter(call.method) else { return try await next.answer(call) }
        let started = ContinuousClock.now
        do throws(ServiceError) {
            let result = try await next.answer(call)
            callTracker.leave(admission, seconds: started.duration(to: .now) / .seconds(1), failure: nil)
            return result
        } catch {
            callTracker.leave(admission, seconds: started.duration(to: .now) / .seconds(1), failure: error.kind)
            throw error
        }
    }
}
