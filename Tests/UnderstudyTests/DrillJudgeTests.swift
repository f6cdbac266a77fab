import Contracts
import Faults
import JSON
import Testing

@testable import Understudy

@Suite struct DrillJudgeTests {
    private func fault(_ number: Int) -> DrillFault { DrillFault.all[number - 1] }

    private func receipt(_ kind: ErrorKind, _ words: String, attempts: Int, maker: Agent = .understudy) -> Receipt {
        let start = Timestamp(milliseconds: 0)
        let end = Timestamp(milliseconds: 250)
        var costs = Costs()
        costs.understudy = USD(0.002)
        return Receipt(
            jobID: "j", userID: "drill", sessionID: "s", state: .finished,
            takeover: Takeover(at: end, kind: kind, reason: words, provider: "acme-video"),
            attempts: (0..<attempts).map { _ in
                Attempt(
                    agent: .lead, work: .film, segmentID: nil, startedAt: start, endedAt: end, cost: .zero,
                    error: ServiceError(kind, words))
            },
            segments: ["a", "b"].map {
                SegmentReceipt(segmentID: $0, maker: maker, imageProvider: "card", reused: false, cost: USD(0.001))
            },
            costs: costs, wasted: .zero, stages: [], videoURL: "file:///final.mp4", warnings: [], error: nil)
    }

    private let words = "503 Service Unavailable"

    @Test("there are nineteen faults, numbered in order, each with a name of its own")
    func faults() {
        #expect(DrillFault.all.map(\.number) == Array(1...19))
        #expect(Set(DrillFault.all.map(\.name)).count == 19)
    }

    @Test("conduct as expected passes, and is told with its figures")
    func pass() {
        let result = DrillJudge(fault: fault(4)).result(
            receipt(.unavailable, words, attempts: 2), filmFault: nil)
        #expect(result.isPassed)
        #expect(result.observed == "Agent6's film after \"503 Service Unavailable\"")
        #expect(result.expected == "asked twice, then Agent6 (unavailable)")
        #expect(result.attempts == 2 && result.takeover == 0.25 && result.isFilmGood && result.cost == USD(0.002))
    }

    @Test("each deviation alone is a failure, and is named")
    func deviations() {
        let judge = DrillJudge(fault: fault(4))
        var dear = receipt(.unavailable, words, attempts: 2)
        dear.costs.lead = USD(0.15)
        var wasteful = receipt(.unavailable, words, attempts: 2)
        wasteful.wasted = USD(0.15)
        var quiet = receipt(.unavailable, words, attempts: 2)
        quiet.takeover = nil
        for (receipt, filmFault, sentence) in [
            (receipt(.unavailable, words, attempts: 3), nil, "Agent5 was asked 3 times"),
            (receipt(.timeout, words, attempts: 2), nil, "the reason is timeout: 503 Service Unavailable"),
            (receipt(.unavailable, "oops", attempts: 2), nil, "the reason says \"oops\""),
            (receipt(.unavailable, words, attempts: 2, maker: .lead), nil, "Agent6 did not make the film"),
            (receipt(.unavailable, words, attempts: 2), "frame 7 is damaged", "frame 7 is damaged"),
            (dear, nil, "$0.152 was booked, not $0.002"),
            (wasteful, nil, "$0.15 was booked as wasted, not $0.00"),
            (quiet, nil, "nobody took over"),
        ] as [(Receipt, String?, String)] {
            let result = judge.result(receipt, filmFault: filmFault)
            #expect(!result.isPassed)
            #expect(result.observed == sentence)
        }
    }

    @Test("a lead that was not given the time it was promised is a failure")
    func patience() {
        let hasty = DrillJudge(fault: fault(9)).result(
            receipt(.timeout, "Agent5 did not finish within 1.5 s", attempts: 1), filmFault: nil)
        #expect(hasty.observed == "Agent5 was not given its 1.5 s")
    }

    @Test("where both fail the error must tell both causes")
    func bothCauses() {
        var failed = receipt(.quotaExhausted, "You exceeded your current quota", attempts: 1)
        failed.state = .error
        failed.costs = Costs()
        failed.error = ServiceError(.unavailable, "Agent6 failed: \(BrokenImages.words)")
        let judge = DrillJudge(fault: fault(16))
        #expect(!judge.result(failed, filmFault: "there is no film").isPassed)
        failed.error?.message += "; before that Agent5 failed: You exceeded your current quota"
        let result = judge.result(failed, filmFault: "there is no film")
        #expect(result.isPassed && !result.isFilmGood)
    }

    @Test("a result has the same members whether somebody took over or not")
    func members() throws {
        let result = DrillResult(fault(3), error: ServiceError(.unavailable, "no stack"))
        let json = try JSONCoding.convert(result, to: JSONValue.self)
        #expect(
            json.object?.keys.sorted() == [
                "attempts", "cost_usd", "expected", "fault", "film_ok", "observed", "passed", "takeover_s",
            ])
        #expect(json["takeover_s"] == .null && json["passed"] == .bool(false))
    }
}
