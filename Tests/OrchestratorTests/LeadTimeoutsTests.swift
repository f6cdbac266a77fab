// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSONRPC
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(1))) struct LeadTimeoutsTests {
    private func timeouts(_ bounds: LeadTimeouts.Bounds) -> LeadTimeouts { LeadTimeouts(.lead, bounds) }

    private func message(_ timeouts: LeadTimeouts, at now: Double) -> String? {
        if case .expired(let error) = timeouts.status(at: now) { error.message } else { nil }
    }

    @Test
    func `each timeout names the bound that was exceeded`() {
        let bounds = LeadTimeouts.Bounds(total: 100, queue: 5, firstProgress: 20.5, stall: 10)
        var timeouts = timeouts(bounds)
        #expect(message(timeouts, at: 4.9) == nil)
        #expect(message(timeouts, at: 5) == "Agent5 had no free replica within 5 s (agent5_queue_s)")
        timeouts.sent(at: 4)
        #expect(message(timeouts, at: 24.4) == nil)
        #expect(
            message(timeouts, at: 24.5)
                == "Agent5 sent no progress within the first 20.5 s (agent5_first_progress_s)")
        timeouts.progressed(at: 24)
        #expect(message(timeouts, at: 33.9) == nil)
        #expect(message(timeouts, at: 34) == "Agent5 sent no progress for 10 s (stall timeout, agent5_stall_s)")
        timeouts.progressed(at: 95)
        #expect(message(timeouts, at: 100) == "Agent5 did not finish within 100 s (agent5_timeout_s)")
    }

    @Test
    func `the timeouts of an agent before the lead name no option, because none sets them`() {
        var timeouts = LeadTimeouts(.agent2, LeadTimeouts.Bounds(total: 100, stall: 10))
        timeouts.sent(at: 0)
        #expect(message(timeouts, at: 10) == "Agent2 sent no progress for 10 s")
        timeouts.progressed(at: 95)
        #expect(message(timeouts, at: 100) == "Agent2 did not finish within 100 s")
    }

    @Test
    func `the first progress defaults to the stall timeout, the queue time to the total timeout`() {
        var timeouts = timeouts(LeadTimeouts.Bounds(total: 100, stall: 10))
        #expect(message(timeouts, at: 99) == nil)
        timeouts.sent(at: 50)
        #expect(message(timeouts, at: 60) == "Agent5 sent no progress for 10 s (stall timeout, agent5_stall_s)")
    }

    @Test
    func `the next check is never later than a bound that activity can bring nearer`() {
        let bounds = LeadTimeouts.Bounds(total: 1000, queue: 600, firstProgress: 60, stall: 5)
        var timeouts = timeouts(bounds)
        guard case .pending(let first) = timeouts.status(at: 0) else { return #expect(Bool(false)) }
        timeouts.sent(at: 0.5)
        timeouts.progressed(at: 1)
        #expect(first <= 6)
        #expect(message(timeouts, at: 6) == "Agent5 sent no progress for 5 s (stall timeout, agent5_stall_s)")
    }

    @Test
    func `a call that exceeds its bound is cancelled, and its late result is returned`() async throws {
        let silent = try await LeadTimeoutMonitor.run(
            timeouts(LeadTimeouts.Bounds(total: 60, stall: 0.01)), start: .now
        ) { onActivity in
            onActivity(.sent)
            // Returns a result once it is cancelled.
            try? await Task.sleep(for: .seconds(3600))
            return 7
        }
        guard case .expired(let error, let late) = silent else { return #expect(Bool(false)) }
        #expect(error.kind == .timeout)
        #expect(error.message == "Agent5 sent no progress for 0.01 s (stall timeout, agent5_stall_s)")
        #expect(late == .success(7))
        let answered = try await LeadTimeoutMonitor.run(timeouts(LeadTimeouts.Bounds()), start: .now) { _ in 8 }
        guard case .answered(8) = answered else { return #expect(Bool(false)) }
    }

    @Test
    func `progress reports over a day are throttled to some thousand events`() {
        var (seconds, events) = (0.0, 0)
        while seconds < 86_400, events < 1_000_000 {
            events += 1
            seconds += ProgressThrottle.pause(after: events) / .seconds(1)
        }
        #expect(events < 15_000)
        #expect(ProgressThrottle.pause(after: 1) == .milliseconds(100))
    }
}
