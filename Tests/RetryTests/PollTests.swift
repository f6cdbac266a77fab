// SPDX-License-Identifier: Apache-2.0

import Retry
import Testing

@Suite(.timeLimit(.minutes(1))) struct PollTests {
    private struct ConditionError: Error {}

    private let clock = TestClock()
    private let backoff = Backoff(first: .seconds(1), longest: .seconds(4))

    @Test
    func `a condition that holds immediately needs no pause`() async throws {
        #expect(try await poll(backoff, within: .zero, clock: clock) { true })
        #expect(clock.sleeps.isEmpty)
    }

    @Test
    func `the pauses between evaluations are those of the backoff`() async throws {
        var evaluations = 0
        let holds = try await poll(backoff, clock: clock) {
            evaluations += 1
            return evaluations == 6
        }
        #expect(holds && evaluations == 6)
        #expect(clock.sleeps == [.seconds(1), .seconds(2), .seconds(4), .seconds(4), .seconds(4)])
    }

    @Test
    func `polling ends after the timeout with a last evaluation`() async throws {
        var evaluatedAt: [Duration] = []
        let holds = try await poll(backoff, within: .seconds(10), clock: clock) {
            evaluatedAt.append(clock.now.offset)
            return false
        }
        #expect(!holds)
        #expect(evaluatedAt == [.zero, .seconds(1), .seconds(3), .seconds(7), .seconds(11)])
    }

    @Test
    func `the time of the evaluations counts toward the timeout`() async throws {
        var evaluations = 0
        _ = try await poll(backoff, within: .seconds(10), clock: clock) {
            evaluations += 1
            clock.advance(by: .seconds(6))
            return false
        }
        #expect(evaluations == 2)
    }

    @Test
    func `an error of the condition ends polling`() async {
        await #expect(throws: ConditionError.self) { try await poll(backoff, clock: clock) { throw ConditionError() } }
        #expect(clock.sleeps.isEmpty)
    }

    @Test
    func `a cancelled task evaluates once and does not pause`() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await poll(backoff, clock: clock) { false }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeps.isEmpty)
    }

    @Test
    func `the continuous clock waits in real time`() async throws {
        let start = ContinuousClock.now
        var evaluations = 0
        try await poll(Backoff(every: .milliseconds(5))) {
            evaluations += 1
            return evaluations == 4
        }
        #expect(start.duration(to: .now) >= .milliseconds(15))
    }
}
