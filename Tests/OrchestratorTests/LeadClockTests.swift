import Contracts
import Faults
import JSONRPC
import Testing

@testable import Orchestrator

@Suite struct LeadClockTests {
    private func clock(_ bounds: LeadClock.Bounds) -> LeadClock { LeadClock(.lead, bounds) }

    private func words(_ clock: LeadClock, at now: Double) -> String? {
        if case .expired(let error) = clock.look(at: now) { error.message } else { nil }
    }

    @Test("each bound says which it was and how long")
    func words() {
        let bounds = LeadClock.Bounds(whole: 100, queue: 5, firstProgress: 20.5, stall: 10)
        var clock = clock(bounds)
        #expect(words(clock, at: 4.9) == nil)
        #expect(words(clock, at: 5) == "Agent5 had no replica with room within 5 s")
        clock.sent(at: 4)
        #expect(words(clock, at: 24.4) == nil)
        #expect(words(clock, at: 24.5) == "Agent5 made no progress within its first 20.5 s")
        clock.signed(at: 24)
        #expect(words(clock, at: 33.9) == nil)
        #expect(words(clock, at: 34) == "Agent5 was silent for 10 s")
        clock.signed(at: 95)
        #expect(words(clock, at: 100) == "Agent5 did not finish within 100 s")
    }

    @Test("without a bound of its own the first progress has as long as any other, and the queue as long as the whole")
    func defaults() {
        var clock = clock(LeadClock.Bounds(whole: 100, stall: 10))
        #expect(words(clock, at: 99) == nil)
        clock.sent(at: 50)
        #expect(words(clock, at: 60) == "Agent5 was silent for 10 s")
    }

    @Test("whoever sleeps until the moment that is named never oversleeps a bound that came nearer meanwhile")
    func looks() {
        let bounds = LeadClock.Bounds(whole: 1000, queue: 600, firstProgress: 60, stall: 5)
        var clock = clock(bounds)
        guard case .again(let first) = clock.look(at: 0) else { return #expect(Bool(false)) }
        clock.sent(at: 0.5)
        clock.signed(at: 1)
        #expect(first <= 6)
        #expect(words(clock, at: 6) == "Agent5 was silent for 5 s")
    }

    @Test("a call that outlives its bound is cancelled, and what it answers all the same is told")
    func watch() async throws {
        let silent = try await LeadWatch.hold(clock(LeadClock.Bounds(whole: 60, stall: 0.01)), start: .now) { hears in
            hears(.sent)
            // Ends when it is cancelled, with an answer.
            try? await Task.sleep(for: .seconds(3600))
            return 7
        }
        guard case .expired(let error, let late) = silent else { return #expect(Bool(false)) }
        #expect(error.kind == .timeout)
        #expect(error.message == "Agent5 was silent for 0.01 s")
        #expect(late == .success(7))
        let answered = try await LeadWatch.hold(clock(LeadClock.Bounds()), start: .now) { _ in 8 }
        guard case .answered(8) = answered else { return #expect(Bool(false)) }
    }

    @Test("a call that reports for a day leaves some thousand events, not ten a second")
    func pace() {
        var (seconds, events) = (0.0, 0)
        while seconds < 86_400 {
            events += 1
            seconds += ProgressPace.pause(after: events) / .seconds(1)
        }
        #expect(events < 15_000)
        #expect(ProgressPace.pause(after: 1) == .milliseconds(100))
    }
}
