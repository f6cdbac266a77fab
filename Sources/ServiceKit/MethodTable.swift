import FoundationEssentials
package import JSONRPC
import Parameters

/// The methods of a service and who answers them: what dispatches, and what `rpc.discover` describes.
package struct MethodTable: Sendable {
    struct Entry: Sendable {
        let name: String
        let summary: String
        let load: MethodLoad
        let idempotent: Bool
        let params: JSONValue
        let result: JSONValue
        /// -> the JSON text of the result; `nil` from a handler that replied by itself.
        let answer: @Sendable (Call) async throws -> Data?
    }

    struct Background: Sendable {
        let name: String
        let run: @Sendable () async throws -> Void
    }

    private(set) var entries: [String: Entry] = [:]
    /// What `rpc.stats` tells beside what it tells of every service.
    private(set) var reports: [String: @Sendable () async throws -> JSONValue] = [:]
    private(set) var backgrounds: [Background] = []
    private(set) var drainActions: [@Sendable () async -> Void] = []

    /// Bytes that a line must be allowed to have for the requests of all methods; 0 if the service's own limit will do.
    private(set) var requestLimit = 0

    package init() {}

    /// Registers who answers a method.
    ///
    /// - Parameter body: throws `ServiceError`, or an error that is convertible to it.
    package mutating func handle<P, R>(
        _ method: Method<P, R>, _ body: @escaping @Sendable (P, Call) async throws -> R
    ) {
        add(method) { call in
            let params = try CheckedParameters.decode(P.self, from: call.rawParams)
            return try JSONCoding.encode(try await body(params, call))
        }
    }

    /// Registers a method that replies early, by `call.reply`, and goes on with `call.notify` until it is cancelled.
    package mutating func stream<P, R>(
        _ method: Method<P, R>, _ body: @escaping @Sendable (P, Call) async throws -> Void
    ) {
        add(method) { call in
            let params = try CheckedParameters.decode(P.self, from: call.rawParams)
            try await body(params, call)
            return nil
        }
    }

    /// Tells in `rpc.stats`, below `details`, what only this service knows.
    package mutating func report(_ name: String, _ body: @escaping @Sendable () async throws -> JSONValue) {
        reports[name] = body
    }

    /// Runs beside the server from before the first call on; cancelled when the last call is done.
    package mutating func background(_ name: String, _ run: @escaping @Sendable () async throws -> Void) {
        backgrounds.append(Background(name: name, run: run))
    }

    /// Called when the service was told to stop, before it waits for its calls.
    package mutating func beforeDrain(_ action: @escaping @Sendable () async -> Void) {
        drainActions.append(action)
    }

    private mutating func add<P, R>(_ method: Method<P, R>, _ answer: @escaping @Sendable (Call) async throws -> Data?)
    {
        requestLimit = max(requestLimit, method.requestLimit ?? 0)
        entries[method.name] = Entry(
            name: method.name, summary: method.summary, load: method.load, idempotent: method.idempotent,
            params: Schema.of(P.self), result: Schema.of(R.self), answer: answer)
    }
}
