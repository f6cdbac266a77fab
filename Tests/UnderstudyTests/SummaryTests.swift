// SPDX-License-Identifier: Apache-2.0

import Contracts
import Testing

@testable import Understudy

@Suite(.timeLimit(.minutes(1))) struct SummaryTests {
    private let noon = Timestamp(milliseconds: 1_795_435_200_000)

    @Test
    func `a breaker is summarized in a few sentences`() {
        let closed = BreakerView(
            agent: "agent5", state: .closed, isForced: false, since: noon, failures: 0, probesAt: nil)
        #expect(
            BreakerSummary.text(closed)
                == "The breaker of agent5 is closed: jobs call agent5, since 2026-11-23 12:00:00 UTC.")
        let open = BreakerView(
            agent: "agent5", state: .open, isForced: false, since: noon, failures: 3,
            probesAt: Timestamp(milliseconds: noon.milliseconds + 30_000))
        #expect(
            BreakerSummary.text(open)
                == "The breaker of agent5 is open: jobs go straight to the understudy, since 2026-11-23 12:00:00 UTC. "
                + "3 failures in a row. The next probe is at 2026-11-23 12:00:30 UTC.")
        let forced = BreakerView(
            agent: "openai", state: .open, isForced: true, since: noon, failures: 1, probesAt: nil)
        #expect(
            BreakerSummary.text(forced)
                == "The breaker of openai is open: jobs go straight to the understudy, set manually, "
                + "since 2026-11-23 12:00:00 UTC. 1 failure.")
    }

    @Test
    func `an estimate is a table of calls with its total, its time and its limit`() {
        let calls = [
            EstimatedCall(service: "imagegen", method: "imagegen.generate", count: 2, unit: USD(0.02)),
            EstimatedCall(service: "clipper", method: "clipper.create", count: 2, unit: USD(0.001)),
        ]
        let estimate = Estimate(
            segments: 2, filmDuration: 30, calls: calls, cost: USD(0.042), maxCost: USD(0.03), isWithinBudget: false,
            seconds: 8.5,
            warnings: ["the film is silent"])
        #expect(
            EstimateSummary.text(estimate) == """
                2 segments, 30.0 s of film. If Agent6 makes it:

                SERVICE   CALL               COUNT  EACH    COST
                imagegen  imagegen.generate  2      $0.02   $0.04
                clipper   clipper.create     2      $0.001  $0.002

                cost: $0.042; the charges of Agent5 are not included
                time: about 9 s
                limit: $0.03, which is not enough
                warning: the film is silent
                """)
    }

    @Test
    func `counts, durations and long texts are formatted for people`() {
        #expect([1, 2, 3].map(Formatting.times) == ["once", "twice", "3 times"])
        #expect(
            [0.004, 0.25, 9.99, 12.34, 100.4].map(Formatting.seconds) == [
                "0.00 s", "0.25 s", "9.99 s", "12.3 s", "100 s",
            ])
        #expect(Formatting.count(1, "film") == "1 film" && Formatting.count(2, "film") == "2 films")
        #expect(Formatting.truncated("four words of text", to: 6) == "four …")
        #expect(Formatting.truncated("four", to: 4) == "four")
    }
}
