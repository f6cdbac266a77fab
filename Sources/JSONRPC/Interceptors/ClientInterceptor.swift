// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials

/// Wraps each call of a client, to propagate context, count or log it.
package protocol ClientInterceptor: Sendable {
    /// Makes a call, usually by passing it to `next`.
    ///
    /// - Parameters:
    ///   - call: the call.
    ///   - next: sends the call, modified or not, and waits for its reply; must be called at most once.
    /// - Returns: the JSON text of the result.
    func intercept(
        _ call: OutgoingCall, _ next: @Sendable (OutgoingCall) async throws -> Data
    ) async throws -> Data
}

extension [any ClientInterceptor] {
    /// Makes a call through all interceptors, the first one outermost.
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
