package import Faults
package import FoundationEssentials

/// Runs around the answer to each call of a server: to count it, to log it, to refuse it.
package protocol ServerInterceptor: Sendable {
    /// - Parameters:
    ///   - call: the call.
    ///   - next: answers it; called once at most.
    /// - Returns: the JSON text of the result.
    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data
}

/// A dispatcher with an interceptor around it.
struct InterceptedDispatcher: Dispatcher {
    let interceptor: any ServerInterceptor
    let next: any Dispatcher

    func answer(_ call: Call) async throws(ServiceError) -> Data { try await interceptor.intercept(call, next) }
}

extension Dispatcher {
    /// The dispatcher with interceptors around it, the first one outermost.
    package func intercepted(by interceptors: [any ServerInterceptor]) -> any Dispatcher {
        interceptors.reversed().reduce(self as any Dispatcher) { next, interceptor in
            InterceptedDispatcher(interceptor: interceptor, next: next)
        }
    }
}
