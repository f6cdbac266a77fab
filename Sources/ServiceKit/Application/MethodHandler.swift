// SPDX-License-Identifier: Apache-2.0

package import Calls
import FoundationEssentials
import JSON
package import JSONRPC
import Parameters

/// Binds a method to the function that answers it.
///
/// ```swift
/// MethodHandler(GreeterAPI.greet) { request in Greeting(text: "Hello, \(request.name)") }
/// ```
package struct MethodHandler: Sendable {
    let name: String
    let summary: String
    let load: MethodLoad
    let isIdempotent: Bool
    /// The maximum bytes of a request; 0 if the service's own line limit suffices.
    let requestLimit: Int
    /// The JSON Schema of the parameters.
    let params: JSONValue
    /// The JSON Schema of the result.
    let result: JSONValue
    /// Returns the JSON text of the result; `nil` if the handler has sent the reply itself.
    let answer: @Sendable (Call) async throws -> Data?

    /// Creates a handler whose body receives the call, e.g. to report progress.
    ///
    /// - Parameter body: should throw `ServiceError` or a `ServiceErrorConvertible`; other errors become `internal`.
    package init<P, R>(_ method: Method<P, R>, _ body: @escaping @Sendable (P, Call) async throws -> R) {
        self.init(method, answer: { params, call in try JSONCoding.encode(try await body(params, call)) })
    }

    /// Creates a handler whose body receives only the parameters.
    package init<P, R>(_ method: Method<P, R>, _ body: @escaping @Sendable (P) async throws -> R) {
        self.init(method, answer: { params, _ in try JSONCoding.encode(try await body(params)) })
    }

    /// Creates a handler that replies early by `call.reply` and continues with `call.notify` until it is cancelled.
    package static func streaming<P, R>(
        _ method: Method<P, R>, _ body: @escaping @Sendable (P, Call) async throws -> Void
    ) -> MethodHandler {
        MethodHandler(
            method,
            answer: { params, call in
                try await body(params, call)
                return nil
            })
    }

    private init<P, R>(_ method: Method<P, R>, answer: @escaping @Sendable (P, Call) async throws -> Data?) {
        name = method.name
        summary = method.summary
        load = method.load
        isIdempotent = method.isIdempotent
        requestLimit = method.requestLimit ?? 0
        params = Schema.of(P.self)
        result = Schema.of(R.self)
        // Evaluated once: casting each call's parameters would cost more than decoding small ones.
        let isValidated = P.self is any ValidatedParameters.Type
        // Parameters of a method without any are not decoded.
        let noParams = NoParams() as? P
        self.answer = { call in
            if let noParams { return try await answer(noParams, call) }
            let params = try call.decodeParams(P.self)
            if isValidated { try ParameterDecoder.check(params) }
            return try await answer(params, call)
        }
    }
}
