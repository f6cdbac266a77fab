// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import JSONRPC
import Untrusted

/// Dispatches calls to the handlers of a service's methods.
struct MethodDispatcher: Dispatcher {
    let registry: MethodRegistry

    func answer(_ call: Call) async throws(ServiceError) -> Data {
        guard let handler = registry[call.method] else {
            let name = call.method.bounded(to: TextBound.quotation).printable()
            let known = registry.names.joined(separator: ", ")
            throw ServiceError(.methodNotFound, "unknown method \"\(name)\"; available methods: \(known)")
        }
        do {
            return try await handler.answer(call) ?? Data("null".utf8)
        } catch {
            throw ServiceError(wrapping: error)
        }
    }

    func isLight(_ method: String) -> Bool { registry[method]?.load == .light }
}
