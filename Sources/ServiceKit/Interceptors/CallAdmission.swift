import Faults
import FoundationEssentials
import JSONRPC

/// Lets calls of the service's own methods in as far as there is room, and enters them in the ledger.
struct CallAdmission: ServerInterceptor {
    let ledger: CallLedger

    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data {
        guard let admission = try ledger.enter(call.method) else { return try await next.answer(call) }
        let started = ContinuousClock.now
        do throws(ServiceError) {
            let result = try await next.answer(call)
            ledger.leave(admission, seconds: started.duration(to: .now) / .seconds(1), failure: nil)
            return result
        } catch {
            ledger.leave(admission, seconds: started.duration(to: .now) / .seconds(1), failure: error.kind)
            throw error
        }
    }
}
