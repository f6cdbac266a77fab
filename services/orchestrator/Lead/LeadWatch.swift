import Faults
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
        /// A bound passed and the call was cancelled; how it ended then: an answer that crossed with the cancelling was paid for,
        /// and an error may report what was spent.
        case expired(ServiceError, late: Result<T, ServiceError>)
    }

    private enum First<T: Sendable>: Sendable {
        case call(Result<T, ServiceError>)
        /// `nil` if the clock was stopped.
        case clock(ServiceError?)
    }

    /// - Parameters:
    ///   - start: when the clock's second 0 was.
    ///   - body: makes the call, and tells its argument what it hears; must end soon when it is cancelled.
    /// - Throws: what `body` throws before a bound passes, or after this task was cancelled.
    static func hold<T: Sendable>(
        _ clock: LeadClock, start: ContinuousClock.Instant,
        _ body: @escaping @Sendable (_ hears: @escaping @Sendable (AgentSign) -> Void) async throws -> T
    ) async throws -> Ending<T> {
        let watch = Watch(clock, start)
        return try await withThrowingTaskGroup(of: First<T>.self) { group in
            group.addTask {
                do {
                    return .call(.success(try await body { watch.hear($0) }))
                } catch {
                    return .call(.failure(ServiceError(wrapping: error)))
                }
            }
            group.addTask { .clock(try? await watch.expiry()) }
            var expired: ServiceError?
            while let first = try await group.next() {
                group.cancelAll()
                switch first {
                case .clock(let error): expired = error
                case .call(let end):
                    if let expired { return .expired(expired, late: end) }
                    return .answered(try end.get())
                }
            }
            throw CancellationError()
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
