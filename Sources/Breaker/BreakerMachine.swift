package import Contracts
package import Faults

/// Whether an agent, or another provider, that fails again and again is still called. Pure: moments come in as parameters.
///
/// Closed until it fails so often in a row; then open while it cools; then half open, in which one job probes. A probe that
/// fails opens it again for twice as long, one that succeeds closes it. A hand holds it open or closed until it is reset.
package struct BreakerMachine: Codable, Sendable, Equatable {
    package struct Bounds: Sendable, Equatable {
        /// Failures in a row that open it.
        package var failures = 3
        /// Seconds that it cools at first.
        package var cool = 30.0
        /// Seconds that it cools at the most.
        package var longestCool = 600.0

        package init(failures: Int = 3, cool: Double = 30, longestCool: Double = 600) {
            self.failures = failures
            self.cool = cool
            self.longestCool = longestCool
        }
    }

    package enum State: Codable, Sendable, Equatable {
        case closed
        case open(until: Timestamp)
        /// The job that probes.
        case halfOpen(probe: String)
    }

    /// What a hand holds it at.
    package enum Hold: String, Codable, Sendable {
        case open, closed
    }

    package private(set) var state = State.closed
    package private(set) var since: Timestamp
    /// In a row.
    package private(set) var failures = 0
    package private(set) var hold: Hold?
    /// Seconds of the cooling that is going on, or was the last.
    private var cool = 0.0

    package init(at now: Timestamp) {
        since = now
    }

    /// Whether a job may call the agent. The first job that asks after the cooling is the one that probes.
    package mutating func admit(_ job: String, at now: Timestamp) -> Bool {
        switch (hold, state) {
        case (.open, _): return false
        case (.closed, _), (nil, .closed): return true
        case (nil, .halfOpen(let probe)): return probe == job
        case (nil, .open(let until)):
            guard now >= until else {
                // A clock that was set back must not keep it open for longer than it cools.
                state = .open(until: min(until, now.adding(seconds: cool)))
                return false
            }
            enter(.halfOpen(probe: job), at: now)
            return true
        }
    }

    /// The agent did what it was asked for.
    package mutating func succeeded(at now: Timestamp) {
        guard hold == nil else { return }
        failures = 0
        if state != .closed { enter(.closed, at: now) }
    }

    /// The agent failed a job.
    package mutating func failed(_ kind: ErrorKind, job: String, at now: Timestamp, _ bounds: Bounds) {
        guard Self.counts(kind) else { return released(by: job, at: now) }
        guard hold == nil else { return }
        failures += 1
        switch state {
        case .closed where failures >= bounds.failures:
            open(for: bounds.cool, at: now)
        case .halfOpen(job):
            open(for: min(cool * 2, bounds.longestCool), at: now)
        default:
            break
        }
    }

    /// The job will not tell any more how the agent did: if it was the probe, another one may probe.
    package mutating func released(by job: String, at now: Timestamp) {
        if state == .halfOpen(probe: job) { enter(.open(until: now), at: now) }
    }

    package mutating func apply(_ action: BreakerAction, at now: Timestamp) {
        switch action {
        case .get: break
        case .open where hold != .open: (hold, since) = (.open, now)
        case .close where hold != .closed: (hold, since) = (.closed, now)
        case .open, .close: break
        case .reset: self = BreakerMachine(at: now)
        }
    }

    /// Whether a failure is the agent's own: what its input or its caller brought about says nothing of it.
    package static func counts(_ kind: ErrorKind) -> Bool {
        switch kind {
        case .unavailable, .timeout, .rateLimited, .quotaExhausted, .corruptMedia, .unauthorized, .internal: true
        default: false
        }
    }

    package func view(of agent: String) -> BreakerView {
        var view = BreakerView(
            agent: agent, state: .closed, forced: hold != nil, since: since, failures: failures, probesAt: nil)
        switch (hold, state) {
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
        cool = seconds
        enter(.open(until: now.adding(seconds: seconds)), at: now)
    }

    private mutating func enter(_ state: State, at now: Timestamp) {
        self.state = state
        since = now
    }
}
