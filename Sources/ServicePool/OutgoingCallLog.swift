// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSONRPC
import Logging

/// Logs outgoing calls at level `debug`, the counterpart of the callee's `CallLog`.
struct OutgoingCallLog: ClientInterceptor {
    let service: String
    let logger: Logger

    func intercept(
        _ call: OutgoingCall, _ next: @Sendable (OutgoingCall) async throws -> Data
    ) async throws -> Data {
        guard !call.method.hasPrefix(SystemMethod.prefix) else { return try await next(call) }
        let started = ContinuousClock.now
        do {
            let result = try await next(call)
            logger.debug("called", metadata: metadata(call, started))
            return result
        } catch {
            logger.debug("call failed", metadata: metadata(call, started).merging(reason(error)) { own, _ in own })
            throw error
        }
    }

    private func metadata(_ call: OutgoingCall, _ started: ContinuousClock.Instant) -> Logger.Metadata {
        let milliseconds = started.duration(to: .now).milliseconds
        return ["method": "\(call.method)", "milliseconds": "\(milliseconds)", "service": "\(service)"]
    }

    private func reason(_ error: any Error) -> Logger.Metadata {
        let error = ServiceError(wrapping: error)
        return ["kind": "\(error.kind.rawValue)", "message": "\(error.message)"]
    }
}
