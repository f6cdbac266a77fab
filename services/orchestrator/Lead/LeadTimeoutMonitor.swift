// SPDX-License-Identifier: Apache-2.0

import Faults
import JSONRPC
import Synchronization

/// Cancels an agent's call when one of its `LeadTimeouts` expires, for example because the agent stalls: it sends no progress for
/// `agent5_stall_s`.
enum LeadTimeoutMonitor {
    /// The result of a monitored call.
    enum Completion<T: Sendable>: Sendable {
        /// The call returned in time.
        case answered(T)
        /// A timeout expired and the call was cancelled. `late`: how the call ended after that; it may have been paid for, and an error
        /// may report its cost.
        case expired(ServiceError, late: Result<T, ServiceError>)
    }

    private enum Child<T: Sendable>: Sendable {
        case call(Result<T, ServiceError>)
        /// `nil` if the timer was cancelled.
        case timer(ServiceError?)
    }

    /// Makes a call and cancels it when a timeout expires.
    ///
    /// - Parameters:
    ///   - timeouts: the timeouts of the call.
    ///   - start: the instant that the times of `timeouts` count from.
    ///   - body: makes the call and passes the agent's activity to its argument; must end soon after it is cancelled.
    /// - Throws: the error of `body`, if it fails before a timeout expires or after this task was cancelled.
    static func run<T: Sendable>(
        _ timeouts: LeadTimeouts, start: ContinuousClock.Instant,
        _ body: @escaping @Sendable (_ onActivity: @escaping @Sendable (AgentActivity) -> Void) async throws -> T
    ) async throws -> Completion<T> {
        let timer = Timer(timeouts, start)
        return try await withThrowingTaskGroup(of: Child<T>.self) { group in
            group.addTask {
                do {
                    return .call(.success(try await body { timer.record($0) }))
                } catch {
                    return .call(.failure(ServiceError(wrapping: error)))
                }
            }
            group.addTask { .timer(try? await timer.expiry()) }
            var expired: ServiceError?
            while let child = try await group.next() {
                group.cancelAll()
                switch child {
                case .timer(let error): expired = error
                case .call(let end):
                    if let expired { return .expired(expired, late: end) }
                    return .answered(try end.get())
                }
            }
            throw CancellationError()
        }
    }

    private final class Timer: Sendable {
        private let timeouts: Mutex<LeadTimeouts>
        private let start: ContinuousClock.Instant

        init(_ timeouts: LeadTimeouts, _ start: ContinuousClock.Instant) {
            self.timeouts = Mutex(timeouts)
            self.start = start
        }

        func record(_ activity: AgentActivity) {
            let now = now
            timeouts.withLock { timeouts in
                switch activity {
                case .sent: timeouts.sent(at: now)
                case .progress: timeouts.progressed(at: now)
                }
            }
        }

        /// Waits until a timeout expires.
        func expiry() async throws -> ServiceError {
            while true {
                switch timeouts.withLock({ $0.status(at: now) }) {
                case .expired(let error): return error
                case .pending(let next):
                    // trusted: bounded options
                    try await Task.sleep(until: start + .seconds(next) + .milliseconds(1), clock: .continuous)
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
