package import FoundationEssentials

/// Runs around each call of a client: to hand something down with it, to count it, to log it.
package protocol ClientInterceptor: Sendable {
    /// - Parameters:
    ///   - call: the call as it was made.
    ///   - next: sends it, changed or not, and waits for its reply; called once at most.
    /// - Returns: the JSON text of the result.
    func intercept(
        _ call: OutgoingCall, _ next: @Sendable (OutgoingCall) async throws -> Data
    ) async throws -> Data
}

extension [any ClientInterceptor] {
    /// Makes a call through all of them, the first one outermost.
    func call(
        _ call: OutgoingCall, _ send: @Sendable (OutgoingCall) async throws -> Data
    ) async throws -> Data {
        try await self[...].call(call, send)
    }
}

extension ArraySlice<any ClientInterceptor> {
    fileprivate func call(
        _ call: OutgoingCall, _ send: @Sendable (OutgoingCall) async throws -> Data
    ) async throws -> Data {
        guard let first else { return try await send(call) }
        return try await withoutActuallyEscaping(send) { send in
            try await first.intercept(call) { call in try await self.dropFirst().call(call, send) }
        }
    }
}
