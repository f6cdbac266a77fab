import JSONRPC
import Synchronization

/// What the call of an agent tells while it runs.
enum AgentSign: Sendable {
    /// A replica has it.
    case sent
    case progress(ProgressReport)
}

/// Holds an agent's call to its clock.
enum LeadWatch {
    /// How a call ended that was held to a clock.
    enum Ending<T: Sendable>: Sendable {
        case answered(T)
        /// A bound passed and the call was cancelled; what it answered all the same.
        case expired(ServiceError, late: T?)
    }

    /// - Parameters:
    ///   - start: when the clock's second 0 was.
    ///   - body: makes the call, and tells its argument what it hears; must end soon when it is cancelled.
    /// - Throws: what `body` throws before a bound passes.
    static func hold<T: Sendable>(
        _ clock: LeadClock, start: ContinuousClock.Instant,
        _ body: @escaping @Sendable (_ hears: @escaping @Sendable (AgentSign) -> Void) async throws -> T
    ) async throws -> Ending<T> {
        let watch = Watch(clock, start)
        return try await withThrowingTaskGroup(of: Ending<T>.self) { group in
            group.addTask { .answered(try await body { watch.hear($0) }) }
            group.addTask { .expired(try await watch.expiry(), late: nil) }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw CancellationError() }
            guard case .expired(let error, _) = first else { return first }
            group.cancelAll()
            // An answer that crossed with the cancelling was paid for.
            if case .answered(let late)? = try? await group.next() { return .expired(error, late: late) }
            return .expired(error, late: nil)
        }
    }

    private final class Watch: Sendable {
        private let clock: Mutex<LeadClock>
        private let start: ContinuousClock.Instant

        init(_ clock: LeadClock, _ start: ContinuousClock.Instant) {
            self.clock = Mutex(clock)
            self.start = start
        }

        func hear(_ sign: AgentSign) {
            let now = now
            clock.withLock { clock in
                switch sign {
                case .sent: clock.sent(at: now)
                case .progress: clock.signed(at: now)
                }
            }
        }

        func expiry() async throws -> ServiceError {
            while true {
                switch clock.withLock({ $0.look(at: now) }) {
                case .expired(let error): return error
                case .again(let moment):
                    // trusted: bounded options
                    try await Task.sleep(until: start + .seconds(moment) + .milliseconds(1), clock: .continuous)
                }
            }
        }

        /// Seconds since the start.
        private var now: Double {
            let (seconds, attoseconds) = start.duration(to: .now).components
            return Double(seconds) + Double(attoseconds) / 1e18
        }
    }
}
