// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import JSONRPC
import Logging
import Untrusted

/// Logs the outcome of calls of the service's own methods: `debug` on success, `info` or `error` on failure.
struct CallLog: ServerInterceptor {
    let logger: Logger

    func intercept(_ call: Call, _ next: any Dispatcher) async throws(ServiceError) -> Data {
        guard !call.isSystem else { return try await next.answer(call) }
        let started = ContinuousClock.now
        do throws(ServiceError) {
            let result = try await next.answer(call)
            logger.debug("answered", metadata: metadata(call, started))
            return result
        } catch {
            // The name of an unknown method is arbitrary text of the peer.
            guard error.kind != .methodNotFound else { throw error }
            var metadata = metadata(call, started)
            metadata["kind"] = "\(error.kind.rawValue)"
            metadata["message"] = "\(error.message)"
            logger.log(level: Self.level(of: error), "failed", metadata: metadata)
            throw error
        }
    }

    private func metadata(_ call: Call, _ started: ContinuousClock.Instant) -> Logger.Metadata {
        ["method": "\(call.method)", "seconds": "\(Self.decimal(started.duration(to: .now) / .seconds(1)))"]
    }

    private static func level(of error: ServiceError) -> Logger.Level {
        switch error.kind {
        case .internal: .error
        // A disconnected client is the normal end of a watch.
        case .cancelled: .debug
        default: .info
        }
    }

    /// Seconds with six decimals: a call may take less than a millisecond.
    private static func decimal(_ seconds: Double) -> String {
        let microseconds = Int64(clamping: (seconds * 1_000_000).rounded())
        let fraction = "\(microseconds % 1_000_000)"
        return "\(microseconds / 1_000_000).\(String(repeating: "0", count: 6 - fraction.count))\(fraction)"
    }
}
