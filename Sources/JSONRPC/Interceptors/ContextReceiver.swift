import Calls
import Faults
import FoundationEssentials

/// Runs each call of a server in its context. A call without a usable trace starts one, except calls of system methods, which make no
/// calls of their own.
struct ContextReceiver: ServerInterceptor {
    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data {
        let context = CallContext(
            deadline: call.deadline, peer: call.peer, holdings: CallHoldings(), jobID: call.jobID,
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
