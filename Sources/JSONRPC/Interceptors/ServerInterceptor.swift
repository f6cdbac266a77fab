// SPDX-License-Identifier: Apache-2.0

package import Faults
package import FoundationEssentials

/// Wraps the handling of each call of a server, to count, log or reject it.
package protocol ServerInterceptor: Sendable {
    /// Handles a call, usually by passing it to `next`.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - next: answers the call; must be called at most once.
    /// - Throws: the error of the reply.
    /// - Returns: the JSON text of the result.
    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data
}

/// A dispatcher wrapped by an interceptor.
struct InterceptedDispatcher: Dispatcher {
    let interceptor: any ServerInterceptor
    let next: any Dispatcher

    func answer(_ call: Call) async throws(ServiceError) -> Data { try await interceptor.intercept(call, next) }

    func isLight(_ method: String) -> Bool { next.isLight(method) }
}

extension Dispatcher {
    /// Wraps the dispatcher in interceptors, the first one outermost.
    package func intercepted(by interceptors: [any ServerInterceptor]) -> any Dispatcher {
        interceptors.reversed().reduce(self as any Dispatcher) { next, interceptor in
            InterceptedDispatcher(interceptor: interceptor, next: next)
        }
    }
}
