import Contracts
import Faults
import Testing

@testable import Understudy

@Suite struct ReceiptStoryTests {
    /// Milliseconds after 15:06 of a day.
    private func at(_ milliseconds: Int64) -> Timestamp { Timestamp(milliseconds: 1_795_446_360_000 + milliseconds) }

    private let quota = ServiceError(.quotaExhausted, "You exceeded your current quota", provider: "acme-video")

    private func asked(_ start: Int64, _ end: Int64, _ error: ServiceError?, cost: USD = .zero) -> Attempt {
        Attempt(
            agent: .lead, work: .film, segmentID: nil, startedAt: at(start), endedAt: at(end), cost: cost,
            error: error)
    }

    private func segment(_ id: String, _ maker: Agent?, card: Bool = false, kept: Bool = false) -> SegmentReceipt {
        SegmentReceipt(
            segmentID: id, maker: maker, imageProvider: card ? "card" : nil, reused: kept,
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

    @Test("a takeover is told from the lead's words to the last cent")
    func takeover() {
        var taken = receipt(
            .finished, takeover: Takeover(at: at(700), kind: .quotaExhausted, reason: quota.message, provider: "acme"),
            attempts: [asked(100, 700, quota)],
            segments: [segment("seg_1", .understudy, card: true), segment("seg_2", .understudy, card: true)],
            agent6: USD(0.002))
        taken.stages = [
            StageTime(stage: .load, startedAt: at(0), seconds: 0.001),
            StageTime(stage: .lead, startedAt: at(100), seconds: 0.6),
            StageTime(stage: .stitch, startedAt: at(1000), seconds: 12.34),
        ]
        taken.warnings = ["seg_2: there is no narration; this part of the film is silent"]
        #expect(
            ReceiptStory.text(taken) == """
                The film of job-1 is ready. Agent5 could not make it, so Agent6 did.

                What happened (UTC)
                  15:06:00.100  Agent5 was asked, and failed after 0.60 s: "You exceeded your current quota" \
                (acme-video, no credit left).
                  15:06:00.700  Agent6 stepped in.

                Who made what
                  seg_1 to seg_2: Agent6, from a card, $0.002

                Money
                  It cost $0.002 in all: Agent6 $0.002.
                  Nothing was wasted.

                Time
                  Agent5 0.60 s, joining 12.3 s.

                What to know
                  seg_2: there is no narration; this part of the film is silent.

                Film
                  file:///films/final.mp4
                """)
    }

    @Test("a lead that needed two tries is told with both, and with the wait that it asked for")
    func secondTry() {
        let busy = ServiceError(.rateLimited, "slow down", retryAfter: 2, provider: "acme-video")
        let made = receipt(
            .finished, attempts: [asked(0, 50, busy), asked(2050, 3050, nil, cost: USD(0.15))],
            segments: [segment("seg_1", .lead)], agent5: USD(0.15))
        #expect(
            ReceiptStory.text(made) == """
                The film of job-1 is ready. Agent5 made it; nobody had to step in.

                What happened (UTC)
                  15:06:00.000  Agent5 was asked, and failed after 0.05 s, and asked to be left alone for 2.00 s: \
                "slow down" (acme-video, too many requests).
                  15:06:02.050  Agent5 was asked, and delivered after 1.00 s, for $0.15.

                Who made what
                  seg_1: Agent5

                Money
                  It cost $0.15 in all: Agent5 $0.15.
                  Nothing was wasted.

                Film
                  file:///films/final.mp4
                """)
    }

    @Test("a film that could not be used was paid for nothing; what was kept and what the cache saved is told")
    func waste() {
        var taken = receipt(
            .finished,
            takeover: Takeover(
                at: at(900), kind: .corruptMedia, reason: "clip of seg_2 does not decode", provider: nil),
            attempts: [asked(0, 800, nil, cost: USD(0.15))],
            segments: [
                segment("seg_1", .lead), segment("seg_2", .understudy, card: true),
                segment("seg_3", .understudy, card: true, kept: true),
            ], agent5: USD(0.15), agent6: USD(0.002))
        (taken.wasted, taken.saved) = (USD(0.15), USD(0.04))
        #expect(
            ReceiptStory.text(taken) == """
                The film of job-1 is ready. Agent5 made 1 of 3 segments; Agent6 stepped in for the other 2.

                What happened (UTC)
                  15:06:00.000  Agent5 was asked, and delivered after 0.80 s, for $0.15.
                  15:06:00.900  Agent6 stepped in: "clip of seg_2 does not decode" (a broken file).

                Who made what
                  seg_1: Agent5
                  seg_2: Agent6, from a card, $0.001
                  seg_3: Agent6, from a card, kept from an earlier run, $0.001

                Money
                  It cost $0.152 in all: Agent5 $0.15, Agent6 $0.002.
                  $0.15 of that bought nothing that could be used.
                  Stills that were there already saved $0.04.

                Film
                  file:///films/final.mp4
                """)
    }

    @Test("when both fail there is no film, and both are quoted")
    func bothFail() {
        let drawing = ServiceError(.unavailable, "the model is overloaded", provider: "acme-images")
        var failed = receipt(
            .error,
            takeover: Takeover(at: at(10), kind: .quotaExhausted, reason: quota.message, provider: "acme-video"),
            attempts: [
                asked(0, 10, quota),
                Attempt(
                    agent: .understudy, work: .still, segmentID: "seg_1", startedAt: at(20), endedAt: at(1020),
                    cost: .zero, error: drawing),
            ], segments: [segment("seg_1", nil)])
        failed.error = ServiceError(.unavailable, "Agent6 failed: seg_1: the model is overloaded")
        #expect(
            ReceiptStory.text(failed) == """
                There is no film of job-1: Agent6 failed: seg_1: the model is overloaded.

                What happened (UTC)
                  15:06:00.000  Agent5 was asked, and failed after 0.01 s: "You exceeded your current quota" \
                (acme-video, no credit left).
                  15:06:00.010  Agent6 stepped in.
                  15:06:00.020  Agent6's still of seg_1 failed after 1.00 s: "the model is overloaded" \
                (acme-images, not available).

                Who made what
                  seg_1: nobody yet

                Money
                  It cost nothing.
                  Nothing was wasted.
                """)
    }

    @Test("a lead that was not asked is not blamed for this job")
    func breaker() {
        let taken = receipt(
            .finished,
            takeover: Takeover(
                at: at(5), kind: .unavailable, reason: "the breaker is open", provider: nil, breakerOpen: true),
            segments: [segment("seg_1", .understudy, card: true)], agent6: USD(0.001))
        let lines = ReceiptStory.text(taken).split(separator: "\n")
        #expect(
            lines.first
                == "The film of job-1 is ready. Agent5 was not asked, as it had failed too often; Agent6 made it.")
        #expect(lines.contains("  15:06:00.005  Agent6 stepped in at once: the breaker of Agent5 was open."))
    }

    @Test("a job that is not at its end says so", arguments: [JobState.queued, .running, .cancelled])
    func unfinished(_ state: JobState) {
        let first = ReceiptStory.text(receipt(state)).split(separator: "\n").first
        let expected = [
            JobState.queued: "The film of job-1 is not begun yet.",
            .running: "The film of job-1 is being made; this is how far it is.",
            .cancelled: "There is no film of job-1: the job was cancelled.",
        ]
        #expect(first.map(String.init) == expected[state])
    }
}
