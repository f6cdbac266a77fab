// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Understudy

@Suite(.timeLimit(.minutes(1))) struct ReceiptSummaryTests {
    /// A time some milliseconds after 15:06.
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_795_446_360_000 + milliseconds) }

    private let quota = ServiceError(.quotaExhausted, "You exceeded your current quota", provider: "acme-video")

    private func leadAttempt(_ start: Int64, _ end: Int64, _ error: ServiceError?, cost: USD = .zero) -> Attempt {
        Attempt(
            agent: .lead, work: .film, segmentID: nil, startedAt: at(start), endedAt: at(end), cost: cost,
            error: error)
    }

    private func segment(_ id: String, _ maker: Agent?, card: Bool = false, reused: Bool = false) -> SegmentReceipt {
        SegmentReceipt(
            segmentID: id, maker: maker, imageProvider: card ? "card" : nil, isReused: reused,
            cost: card ? USD(0.001) : .zero)
    }

    private func receipt(
        _ state: JobState, takeover: Takeover? = nil, attempts: [Attempt] = [], segments: [SegmentReceipt] = [],
        agent5: USD = .zero, agent6: USD = .zero
    ) -> Receipt {
        var costs = Costs()
        (costs.lead, costs.understudy) = (agent5, agent6)
        return Receipt(
            jobID: "job-1", userID: "u", sessionID: "s", state: state, takeover: takeover, attempts: attempts,
            segments: segments, costs: costs, wasted: .zero, stages: [],
            videoURL: state == .finished ? "file:///films/final.mp4" : nil, warnings: [], error: nil)
    }

    @Test
    func `a takeover is summarized with the lead's error, the makers, the cost and the times`() {
        var taken = receipt(
            .finished, takeover: Takeover(at: at(700), kind: .quotaExhausted, reason: quota.message, provider: "acme"),
            attempts: [leadAttempt(100, 700, quota)],
            segments: [segment("seg_1", .understudy, card: true), segment("seg_2", .understudy, card: true)],
            agent6: USD(0.002))
        taken.stages = [
            StageTime(stage: .load, startedAt: at(0), seconds: 0.001),
            StageTime(stage: .lead, startedAt: at(100), seconds: 0.6),
            StageTime(stage: .stitch, startedAt: at(1000), seconds: 12.34),
        ]
        taken.warnings = ["seg_2: there is no narration; this part of the film is silent"]
        #expect(
            ReceiptSummary.text(taken) == """
                The film of job-1 is ready. Agent5 could not make it, so Agent6 did.

                What happened (UTC)
                  15:06:00.100  Agent5 was called and failed after 0.60 s: "You exceeded your current quota" \
                (acme-video, no credit left).
                  15:06:00.700  Agent6 took over.

                Who made what
                  seg_1 to seg_2: Agent6, from a card, $0.002

                Cost
                  $0.002 in total: Agent6 $0.002.
                  Nothing was wasted.

                Time
                  Agent5 0.60 s, stitching 12.3 s.

                Warnings
                  seg_2: there is no narration; this part of the film is silent.

                Film
                  file:///films/final.mp4
                """)
    }

    @Test
    func `two attempts of the lead are both reported, with the requested delay`() {
        let busy = ServiceError(.rateLimited, "slow down", retryAfter: 2, provider: "acme-video")
        let made = receipt(
            .finished, attempts: [leadAttempt(0, 50, busy), leadAttempt(2050, 3050, nil, cost: USD(0.15))],
            segments: [segment("seg_1", .lead)], agent5: USD(0.15))
        #expect(
            ReceiptSummary.text(made) == """
                The film of job-1 is ready. Agent5 made it; no takeover was needed.

                What happened (UTC)
                  15:06:00.000  Agent5 was called and failed after 0.05 s, to be retried after 2.00 s: \
                "slow down" (acme-video, too many requests).
                  15:06:02.050  Agent5 was called and delivered after 1.00 s, for $0.15.

                Who made what
                  seg_1: Agent5

                Cost
                  $0.15 in total: Agent5 $0.15.
                  Nothing was wasted.

                Film
                  file:///films/final.mp4
                """)
    }

    @Test
    func `wasted cost, reused segments and the savings of the cache are reported`() {
        var taken = receipt(
            .finished,
            takeover: Takeover(
                at: at(900), kind: .corruptMedia, reason: "clip of seg_2 does not decode", provider: nil),
            attempts: [leadAttempt(0, 800, nil, cost: USD(0.15))],
            segments: [
                segment("seg_1", .lead), segment("seg_2", .understudy, card: true),
                segment("seg_3", .understudy, card: true, reused: true),
            ], agent5: USD(0.15), agent6: USD(0.002))
        (taken.wasted, taken.saved) = (USD(0.15), USD(0.04))
        #expect(
            ReceiptSummary.text(taken) == """
                The film of job-1 is ready. Agent5 made 1 of 3 segments; Agent6 made the other 2.

                What happened (UTC)
                  15:06:00.000  Agent5 was called and delivered after 0.80 s, for $0.15.
                  15:06:00.900  Agent6 took over: "clip of seg_2 does not decode" (a broken file).

                Who made what
                  seg_1: Agent5
                  seg_2: Agent6, from a card, $0.001
                  seg_3: Agent6, from a card, reused from an earlier run, $0.001

                Cost
                  $0.152 in total: Agent5 $0.15, Agent6 $0.002.
                  $0.15 of that was wasted on results that could not be used.
                  Cached stills saved $0.04.

                Film
                  file:///films/final.mp4
                """)
    }

    @Test
    func `if both agents fail, there is no film, and both errors are quoted`() {
        let drawing = ServiceError(.unavailable, "the model is overloaded", provider: "acme-images")
        var failed = receipt(
            .error,
            takeover: Takeover(at: at(10), kind: .quotaExhausted, reason: quota.message, provider: "acme-video"),
            attempts: [
                leadAttempt(0, 10, quota),
                Attempt(
                    agent: .understudy, work: .still, segmentID: "seg_1", startedAt: at(20), endedAt: at(1020),
                    cost: .zero, error: drawing),
            ], segments: [segment("seg_1", nil)])
        failed.error = ServiceError(.unavailable, "Agent6 failed: seg_1: the model is overloaded")
        #expect(
            ReceiptSummary.text(failed) == """
                There is no film of job-1: Agent6 failed: seg_1: the model is overloaded.

                What happened (UTC)
                  15:06:00.000  Agent5 was called and failed after 0.01 s: "You exceeded your current quota" \
                (acme-video, no credit left).
                  15:06:00.010  Agent6 took over.
                  15:06:00.020  Agent6's still of seg_1 failed after 1.00 s: "the model is overloaded" \
                (acme-images, not available).

                Who made what
                  seg_1: not made yet

                Cost
                  Nothing was spent.
                  Nothing was wasted.
                """)
    }

    @Test
    func `an open breaker is named as the cause of a takeover`() {
        let taken = receipt(
            .finished,
            takeover: Takeover(
                at: at(5), kind: .unavailable, reason: "the breaker is open", provider: nil, isBreakerOpen: true),
            segments: [segment("seg_1", .understudy, card: true)], agent6: USD(0.001))
        let lines = ReceiptSummary.text(taken).split(separator: "\n")
        #expect(
            lines.first
                == "The film of job-1 is ready. Agent5 was not called because it had failed too often; Agent6 made it.")
        #expect(lines.contains("  15:06:00.005  Agent6 took over immediately: the breaker of Agent5 was open."))
    }

    @Test(arguments: [JobState.queued, .running, .cancelled])
    func `the state of a job without a film is reported`(_ state: JobState) {
        let first = ReceiptSummary.text(receipt(state)).split(separator: "\n").first
        let expected = [
            JobState.queued: "The film of job-1 has not been started yet.",
            .running: "The film of job-1 is being made; this receipt is incomplete.",
            .cancelled: "There is no film of job-1: the job was cancelled.",
        ]
        #expect(first.map(String.init) == expected[state])
    }
}
