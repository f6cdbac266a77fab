// SPDX-License-Identifier: Apache-2.0

/// Limits the progress reports of a call to one per interval, coalescing those between to the latest. Pure.
///
/// Times are nanoseconds of any monotonic clock.
package struct ProgressRateLimiter<Report> {
    /// How to proceed with a report.
    package enum Decision: Equatable {
        /// Send the report now.
        case send
        /// The report is pending: call `due(at:)` at this time.
        case wait(until: Int64)
        /// The report replaces the pending one, whose time is already scheduled.
        case coalesced
    }

    private let interval: Int64
    private var next = Int64.min
    private var pending: Report?

    /// Creates a limiter.
    ///
    /// - Parameter interval: the minimum time between two reports, in nanoseconds; 100 ms by default.
    package init(interval: Int64 = 100_000_000) {
        self.interval = interval
    }

    /// Decides when to send a report.
    package mutating func offer(_ report: Report, at now: Int64) -> Decision {
        if pending != nil {
            pending = report
            return .coalesced
        }
        if now >= next {
            next = now + interval
            return .send
        }
        pending = report
        return .wait(until: next)
    }

    /// Takes the pending report when the call ends: the last one is sent although less than the interval has passed.
    package mutating func takeLast() -> Report? {
        defer { pending = nil }
        return pending
    }

    /// Takes the pending report at the time that `offer` returned.
    ///
    /// - Returns: the report to send.
    package mutating func due(at now: Int64) -> Report? {
        guard let report = pending else { return nil }
        pending = nil
        next = now + interval
        return report
    }
}
