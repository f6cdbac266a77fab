// SPDX-License-Identifier: Apache-2.0

package import Contracts
package import Faults

/// A circuit breaker: decides whether an agent or provider that keeps failing is still called. Pure: times are parameters.
///
/// The breaker is closed until the agent fails `Bounds.failureThreshold` times in a row. It is then open for a cool-down, after which
/// it is half-open and admits one job as a probe. A probe that succeeds closes the breaker; a probe that fails opens it again for
/// twice the cool-down, up to `Bounds.maximumCooldown`. An operator can force it open or closed until it is reset.
///
/// ```swift
/// var breaker = BreakerMachine(at: .now)
/// guard breaker.admit("job-1", at: .now) else { throw breaker.view(of: "agent5").rejection }
/// breaker.failed(.timeout, job: "job-1", at: .now, BreakerMachine.Bounds())
/// ```
///
/// Stored as JSON: the coding keys are a stored format.
package struct BreakerMachine: Codable, Sendable, Equatable {
    /// When a breaker opens, and for how long.
    package struct Bounds: Sendable, Equatable {
        /// Consecutive failures that open the breaker.
        package var failureThreshold = 3
        /// The first cool-down, in seconds; doubles with each failed probe.
        package var cooldown = 30.0
        /// The longest cool-down, in seconds.
        package var maximumCooldown = 600.0

        /// - Parameters:
        ///   - failureThreshold: consecutive failures that open the breaker.
        ///   - cooldown: the first cool-down, in seconds.
        ///   - maximumCooldown: the longest cool-down, in seconds.
        package init(failureThreshold: Int = 3, cooldown: Double = 30, maximumCooldown: Double = 600) {
            self.failureThreshold = failureThreshold
            self.cooldown = cooldown
            self.maximumCooldown = maximumCooldown
        }
    }

    /// The state that follows from the calls so far, without an operator's override.
    package enum State: Codable, Sendable, Equatable {
        case closed
        /// Calls are rejected until the cool-down ends.
        case open(until: Timestamp)
        /// The cool-down has ended; only the job with the id `probe` may call.
        case halfOpen(probe: String)
    }

    /// A state forced by an operator.
    package enum Override: String, Codable, Sendable {
        case open, closed
    }

    /// The state apart from `override`.
    package private(set) var state = State.closed
    /// When the state or the override last changed.
    package private(set) var since: Timestamp
    /// Consecutive failures so far.
    package private(set) var failures = 0
    /// The operator's override; `nil` if none is set.
    package private(set) var override: Override?
    /// The current or most recent cool-down, in seconds.
    private var cooldown = 0.0

    /// The names under which breakers are stored.
    private enum CodingKeys: String, CodingKey {
        case state, since, failures
        case override = "hold"
        case cooldown = "cool"
    }

    /// A closed breaker without failures.
    package init(at now: Timestamp) {
        since = now
    }

    /// Decides whether a job may call the agent. The first job that is admitted after a cool-down becomes the probe.
    ///
    /// - Parameter job: the id of the job.
    /// - Returns: `false` if the breaker rejects the call.
    package mutating func admit(_ job: String, at now: Timestamp) -> Bool {
        switch (override, state) {
        case (.open, _): return false
        case (.closed, _), (nil, .closed): return true
        case (nil, .halfOpen(let probe)): return probe == job
        case (nil, .open(let until)):
            guard now >= until else {
                // A clock that was set back must not extend the cool-down.
                state = .open(until: min(until, now.adding(seconds: cooldown)))
                return false
            }
            enter(.halfOpen(probe: job), at: now)
            return true
        }
    }

    /// Records a successful call. Has no effect while an override is set.
    package mutating func succeeded(at now: Timestamp) {
        guard override == nil else { return }
        failures = 0
        if state != .closed { enter(.closed, at: now) }
    }

    /// Records a failed call. Failures for which the agent is not to blame (see `counts`) only release the probe.
    ///
    /// - Parameters:
    ///   - kind: the kind of the error.
    ///   - job: the id of the job that called.
    ///   - bounds: the threshold and the cool-downs to apply.
    package mutating func failed(_ kind: ErrorKind, job: String, at now: Timestamp, _ bounds: Bounds) {
        guard Self.counts(kind) else { return releaseProbe(of: job, at: now) }
        guard override == nil else { return }
        failures += 1
        switch state {
        case .closed where failures >= bounds.failureThreshold:
            open(for: bounds.cooldown, at: now)
        case .halfOpen(job):
            open(for: min(cooldown * 2, bounds.maximumCooldown), at: now)
        default:
            break
        }
    }

    /// Gives up the probe of a job that ended without a result, so that another job may probe at once.
    ///
    /// - Parameter job: the id of the job; nothing changes if it is not the probe.
    package mutating func releaseProbe(of job: String, at now: Timestamp) {
        if state == .halfOpen(probe: job) { enter(.open(until: now), at: now) }
    }

    /// Applies an operator's action. `reset` removes the override and forgets all failures; `get` changes nothing.
    package mutating func apply(_ action: BreakerAction, at now: Timestamp) {
        switch action {
        case .get: break
        case .open where override != .open: (override, since) = (.open, now)
        case .close where override != .closed: (override, since) = (.closed, now)
        case .open, .close: break
        case .reset: self = BreakerMachine(at: now)
        }
    }

    /// Whether an error counts as a failure of the agent. Errors caused by its input or its caller do not.
    package static func counts(_ kind: ErrorKind) -> Bool {
        switch kind {
        case .unavailable, .timeout, .rateLimited, .quotaExhausted, .corruptMedia, .unauthorized, .internal: true
        default: false
        }
    }

    /// The breaker as `orchestrator.breaker` and `imagegen.breaker` report it.
    ///
    /// - Parameter agent: the breaker's name, e.g. `agent5` or `imagegen/openai`.
    package func view(of agent: String) -> BreakerView {
        var view = BreakerView(
            agent: agent, state: .closed, isForced: override != nil, since: since, failures: failures, probesAt: nil)
        switch (override, state) {
        case (.open, _): view.state = .open
        case (.closed, _), (nil, .closed): break
        case (nil, .halfOpen): view.state = .halfOpen
        case (nil, .open(let until)):
            view.state = .open
            view.probesAt = until
        }
        return view
    }

    private mutating func open(for seconds: Double, at now: Timestamp) {
        cooldown = seconds
        enter(.open(until: now.adding(seconds: seconds)), at: now)
    }

    private mutating func enter(_ state: State, at now: Timestamp) {
        self.state = state
        since = now
    }
}
