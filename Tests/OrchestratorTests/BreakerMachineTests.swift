// SPDX-License-Identifier: Apache-2.0

import Breaker
import Contracts
import Faults
import Testing

@testable import Orchestrator

private func at(_ seconds: Double) -> Timestamp { Timestamp(milliseconds: 0).adding(seconds: seconds) }

/// A breaker with a clock in seconds from its creation.
private final class BreakerFixture {
    var machine = BreakerMachine(at: at(0))

    func admit(_ job: String, _ seconds: Double) -> Bool { machine.admit(job, at: at(seconds)) }

    func fail(_ kind: ErrorKind, _ job: String, _ seconds: Double, times: Int = 1) {
        for _ in 0..<times { machine.failed(kind, job: job, at: at(seconds), BreakerMachine.Bounds()) }
    }

    var view: BreakerView { machine.view(of: "agent5") }
}

@Suite(.timeLimit(.minutes(2))) struct BreakerMachineTests {
    private func opened() -> BreakerFixture {
        let fixture = BreakerFixture()
        fixture.fail(.unavailable, "a", 1, times: 3)
        return fixture
    }

    @Test
    func `the breaker opens after three consecutive failures; a success resets the count`() {
        let fixture = BreakerFixture()
        fixture.fail(.timeout, "a", 1, times: 2)
        fixture.machine.succeeded(at: at(2))
        fixture.fail(.timeout, "a", 3, times: 2)
        #expect(fixture.machine.state == .closed)
        fixture.fail(.quotaExhausted, "b", 4)
        let view = fixture.view
        #expect(view.state == .open && view.since == at(4) && view.failures == 3)
        #expect(view.probesAt == at(34))
        #expect(!fixture.admit("c", 33.9))
    }

    @Test
    func `only failures that are the lead's fault count`() {
        for kind in ErrorKind.allCases {
            let fixture = BreakerFixture()
            fixture.fail(kind, "a", 1, times: 3)
            let counts: Set<ErrorKind> = [
                .unavailable, .timeout, .rateLimited, .quotaExhausted, .corruptMedia, .unauthorized, .internal,
            ]
            #expect((fixture.machine.state != .closed) == counts.contains(kind), "\(kind)")
        }
    }

    @Test
    func `after the cool-down one job probes; a successful probe closes the breaker`() {
        let fixture = opened()
        #expect(fixture.admit("p", 31))
        #expect(fixture.admit("p", 32), "the same job may retry")
        #expect(!fixture.admit("q", 1000))
        #expect(fixture.view.state == .halfOpen)
        fixture.machine.succeeded(at: at(33))
        #expect(fixture.machine.state == .closed && fixture.machine.failures == 0)
        #expect(fixture.admit("q", 33))
    }

    @Test
    func `each failed probe doubles the cool-down up to ten minutes`() {
        let fixture = opened()
        var now = 31.0
        for cooldown in [60.0, 120, 240, 480, 600, 600] {
            #expect(fixture.admit("p", now))
            fixture.fail(.unavailable, "p", now)
            #expect(fixture.view.probesAt == at(now + cooldown))
            now += cooldown
        }
        #expect(fixture.admit("p", now))
        fixture.machine.succeeded(at: at(now))
        fixture.fail(.unavailable, "p", now, times: 3)
        #expect(fixture.view.probesAt == at(now + 30))
    }

    @Test
    func `a probe that ends without a result lets the next job probe`() {
        for end in [ErrorKind.contentRejected, .cancelled, nil] {
            let fixture = opened()
            #expect(fixture.admit("p", 31))
            if let end {
                fixture.fail(end, "p", 32)
            } else {
                fixture.machine.releaseProbe(of: "p", at: at(32))
            }
            #expect(fixture.admit("q", 32))
        }
    }

    @Test
    func `an operator's override holds until it is reset`() {
        let fixture = BreakerFixture()
        fixture.machine.apply(.open, at: at(5))
        let view = fixture.view
        #expect(view.state == .open && view.isForced && view.since == at(5) && view.probesAt == nil)
        fixture.machine.succeeded(at: at(6))
        #expect(!fixture.admit("a", 100_000))
        fixture.machine.apply(.close, at: at(7))
        fixture.fail(.unavailable, "a", 8, times: 10)
        #expect(fixture.admit("a", 8) && fixture.view.state == .closed)
        fixture.machine.apply(.reset, at: at(9))
        #expect(!fixture.view.isForced && fixture.machine.failures == 0)
    }

    @Test
    func `a clock set back by a year does not extend the cool-down`() {
        let fixture = opened()
        let past = -365.0 * 86_400
        #expect(!fixture.admit("p", past))
        #expect(fixture.view.probesAt == at(past + 30))
        #expect(fixture.admit("p", past + 30))
    }
}
