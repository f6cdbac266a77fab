import Retry
import Testing

@Suite(.timeLimit(.minutes(1))) struct PollTests {
    private struct Odd: Error {}

    private let clock = TestClock()
    private let backoff = Backoff(first: .seconds(1), longest: .seconds(4))

    @Test("what holds at once costs no pause")
    func atOnce() async throws {
        #expect(try await poll(backoff, within: .zero, clock: clock) { true })
        #expect(clock.sleeps.isEmpty)
    }

    @Test("the pauses between questions are those of the backoff")
    func pauses() async throws {
        var asked = 0
        let holds = try await poll(backoff, clock: clock) {
            asked += 1
            return asked == 6
        }
        #expect(holds && asked == 6)
        #expect(clock.sleeps == [.seconds(1), .seconds(2), .seconds(4), .seconds(4), .seconds(4)])
    }

    @Test("it gives up when the patience is over, after a last question")
    func patience() async throws {
        var askedAt: [Duration] = []
        let holds = try await poll(backoff, within: .seconds(10), clock: clock) {
            askedAt.append(clock.now.offset)
            return false
        }
        #expect(!holds)
        #expect(askedAt == [.zero, .seconds(1), .seconds(3), .seconds(7), .seconds(11)])
    }

    @Test("the time that the questions take counts")
    func slowQuestions() async throws {
        var asked = 0
        _ = try await poll(backoff, within: .seconds(10), clock: clock) {
            asked += 1
            clock.advance(by: .seconds(6))
            return false
        }
        #expect(asked == 2)
    }

    @Test("an error of the question ends it")
    func errors() async {
        await #expect(throws: Odd.self) { try await poll(backoff, clock: clock) { throw Odd() } }
        #expect(clock.sleeps.isEmpty)
    }

    @Test("a cancelled task asks once and waits no more")
    func cancelled() async {
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            try await poll(backoff, clock: clock) { false }
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(clock.sleeps.isEmpty)
    }

    @Test("by the real clock it waits, too")
    func realClock() async throws {
        let began = ContinuousClock.now
        var asked = 0
        try await poll(Backoff(every: .milliseconds(5))) {
            asked += 1
            return asked == 4
        }
        #expect(began.duration(to: .now) >= .milliseconds(15))
    }
}
