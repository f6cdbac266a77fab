/// Lets at most one progress report of a call through per interval; of those that come too soon the last one wins.
///
/// Times are nanoseconds of any clock that does not go back.
package struct ProgressGate<Report> {
    package enum Decision: Equatable {
        /// Send it now.
        case pass
        /// Kept: call `due(at:)` at this time.
        case wait(until: Int64)
        /// Kept in place of one for which a time is already set.
        case replace
    }

    private let interval: Int64
    private var next = Int64.min
    private var kept: Report?

    package init(interval: Int64 = 100_000_000) {
        self.interval = interval
    }

    package mutating func offer(_ report: Report, at now: Int64) -> Decision {
        if kept != nil {
            kept = report
            return .replace
        }
        if now >= next {
            next = now + interval
            return .pass
        }
        kept = report
        return .wait(until: next)
    }

    /// The time that `wait` named has come. -> what to send.
    package mutating func due(at now: Int64) -> Report? {
        guard let report = kept else { return nil }
        kept = nil
        next = now + interval
        return report
    }
}
