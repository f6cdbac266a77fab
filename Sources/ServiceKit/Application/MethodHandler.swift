package import Calls
import FoundationEssentials
import JSON
package import JSONRPC
import Parameters

/// Who answers a method: what dispatches a call, and what `rpc.discover` describes.
package struct MethodHandler: Sendable {
    let name: String
    let summary: String
    let load: MethodLoad
    let idempotent: Bool
    /// Bytes that a line must be allowed to have for this method's requests; 0 if the service's own limit will do.
    let requestLimit: Int
    /// JSON Schema.
    let params: JSONValue
    let result: JSONValue
    /// -> the JSON text of the result; `nil` from a handler that replied by itself.
    let answer: @Sendable (Call) async throws -> Data?

    /// - Parameter body: throws `ServiceError`, or an error that is convertible to it.
    package init<P, R>(_ method: Method<P, R>, _ body: @escaping @Sendable (P, Call) async throws -> R) {
        self.init(method, answer: { params, call in try JSONCoding.encode(try await body(params, call)) })
    }

    /// For a body that needs nothing of the call but its parameters.
    package init<P, R>(_ method: Method<P, R>, _ body: @escaping @Sendable (P) async throws -> R) {
        self.init(method, answer: { params, _ in try JSONCoding.encode(try await body(params)) })
    }

    /// A method that replies early, by `call.reply`, and goes on with `call.notify` until it is cancelled.
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
        idempotent = method.idempotent
        requestLimit = method.requestLimit ?? 0
        params = Schema.of(P.self)
        result = Schema.of(R.self)
        // Asked once: a cast of each call's parameters would cost more than reading small ones.
        let isDescribed = P.self is any Described.Type
        // Whatever is sent, there is nothing to read.
        let none = NoParams() as? P
        self.answer = { call in
            if let none { return try await answer(none, call) }
            let params = call.rawParams
            let read =
                isDescribed ? try CheckedParameters.decode(P.self, from: params) : try JSONCoding.decode(from: params)
            return try await answer(read, call)
        }
    }
}
