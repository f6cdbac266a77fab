import Contracts
import Testing

@testable import Understudy

@Suite struct WordsTests {
    private let noon = Timestamp(milliseconds: 1_795_435_200_000)

    @Test("a breaker is told in a few sentences")
    func breaker() {
        let closed = BreakerView(
            agent: "agent5", state: .closed, forced: false, since: noon, failures: 0, probesAt: nil)
        #expect(
            BreakerStory.text(closed)
                == "The breaker of agent5 is closed: jobs call agent5, since 2026-11-23 12:00:00 UTC.")
        let open = BreakerView(
            agent: "agent5", state: .open, forced: false, since: noon, failures: 3,
            probesAt: Timestamp(milliseconds: noon.milliseconds + 30_000))
        #expect(
            BreakerStory.text(open)
                == "The breaker of agent5 is open: jobs go straight to the understudy, since 2026-11-23 12:00:00 UTC. "
                + "3 failures in a row. The next try is at 2026-11-23 12:00:30 UTC.")
        let forced = BreakerView(
            agent: "openai", state: .open, forced: true, since: noon, failures: 1, probesAt: nil)
        #expect(
            BreakerStory.text(forced)
                == "The breaker of openai is open: jobs go straight to the understudy, set by hand, "
                + "since 2026-11-23 12:00:00 UTC. 1 failure.")
    }

    @Test("an estimate is a table, what it comes to, and whether that is within the limit")
    func estimate() {
        let calls = [
            EstimatedCall(service: "imagegen", method: "imagegen.generate", count: 2, unit: USD(0.02)),
            EstimatedCall(service: "clipper", method: "clipper.create", count: 2, unit: USD(0.001)),
        ]
        let estimate = Estimate(
            segments: 2, film: 30, calls: calls, cost: USD(0.042), maxCost: USD(0.03), fits: false, seconds: 8.5,
            warnings: ["the film is silent"])
        #expect(
            EstimateStory.text(estimate) == """
                2 segments, 30.0 s of film. If Agent6 has to make it:

                SERVICE   CALL               COUNT  EACH    COST
                imagegen  imagegen.generate  2      $0.02   $0.04
                clipper   clipper.create     2      $0.001  $0.002

                cost: $0.042; what Agent5 charges comes on top
                time: about 9 s
                limit: $0.03, which is not enough
                warning: the film is silent
                """)
    }

    @Test("numbers read as people say them")
    func numbers() {
        #expect([0, 1, 2, 3].map(Count.times) == ["not at all", "once", "twice", "3 times"])
        #expect(
            [0.004, 0.25, 9.99, 12.34, 100.4].map(Count.seconds) == ["0.00 s", "0.25 s", "9.99 s", "12.3 s", "100 s"])
        #expect(Count.of(1, "film") == "1 film" && Count.of(2, "film") == "2 films")
        #expect(Count.shortened("four words of text", to: 6) == "four …")
        #expect(Count.shortened("four", to: 4) == "four")
    }
}
