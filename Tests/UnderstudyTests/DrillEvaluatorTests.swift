// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import Testing

@testable import Understudy

@Suite(.timeLimit(.minutes(1))) struct DrillJudgeTests {
    private func fault(_ number: Int) -> DrillFault { DrillFault.all[number - 1] }

    private func receipt(_ kind: ErrorKind, _ message: String, attempts: Int, maker: Agent = .understudy) -> Receipt {
        let start = Timestamp(milliseconds: 0)
        let end = Timestamp(milliseconds: 250)
        var costs = Costs()
        costs.understudy = USD(0.002)
        return Receipt(
            jobID: "j", userID: "drill", sessionID: "s", state: .finished,
            takeover: Takeover(at: end, kind: kind, reason: message, provider: "acme-video"),
            attempts: (0..<attempts).map { _ in
                Attempt(
                    agent: .lead, work: .film, segmentID: nil, startedAt: start, endedAt: end, cost: .zero,
                    error: ServiceError(kind, message))
            },
            segments: ["a", "b"].map {
                SegmentReceipt(segmentID: $0, maker: maker, imageProvider: "card", isReused: false, cost: USD(0.001))
            },
            costs: costs, wasted: .zero, stages: [], videoURL: "file:///final.mp4", warnings: [], error: nil)
    }

    private let message = "503 Service Unavailable"

    @Test
    func `nineteen faults have rising numbers and different names`() {
        #expect(DrillFault.all.map(\.number) == Array(1...19))
        #expect(Set(DrillFault.all.map(\.name)).count == 19)
    }

    @Test
    func `a job that ends as expected passes, and its figures are reported`() {
        let result = DrillEvaluator(fault: fault(4)).result(
            receipt(.unavailable, message, attempts: 2), filmFault: nil)
        #expect(result.isPassed)
        #expect(result.observed == "Agent6's film after \"503 Service Unavailable\"")
        #expect(result.expected == "called twice, then Agent6 (unavailable)")
        #expect(result.attempts == 2 && result.takeover == 0.25 && result.isFilmGood && result.cost == USD(0.002))
    }

    @Test
    func `each deviation alone fails and is reported`() {
        let evaluator = DrillEvaluator(fault: fault(4))
        var expensive = receipt(.unavailable, message, attempts: 2)
        expensive.costs.lead = USD(0.15)
        var wasteful = receipt(.unavailable, message, attempts: 2)
        wasteful.wasted = USD(0.15)
        var unreported = receipt(.unavailable, message, attempts: 2)
        unreported.takeover = nil
        for (receipt, filmFault, sentence) in [
            (receipt(.unavailable, message, attempts: 3), nil, "Agent5 was called 3 times"),
            (receipt(.unavailable, message, attempts: 0), nil, "Agent5 was not called"),
            (receipt(.timeout, message, attempts: 2), nil, "the reason is timeout: 503 Service Unavailable"),
            (receipt(.unavailable, "oops", attempts: 2), nil, "the reason says \"oops\""),
            (receipt(.unavailable, message, attempts: 2, maker: .lead), nil, "Agent6 did not make the film"),
            (receipt(.unavailable, message, attempts: 2), "frame 7 is damaged", "frame 7 is damaged"),
            (expensive, nil, "$0.152 was booked, not $0.002"),
            (wasteful, nil, "$0.15 was booked as wasted, not $0.00"),
            (unreported, nil, "there was no takeover"),
        ] as [(Receipt, String?, String)] {
            let result = evaluator.result(receipt, filmFault: filmFault)
            #expect(!result.isPassed)
            #expect(result.observed == sentence)
        }
    }

    @Test
    func `a lead that is given up before its timeout fails`() {
        let hasty = DrillEvaluator(fault: fault(9)).result(
            receipt(.timeout, "Agent5 did not finish within 1.5 s", attempts: 1), filmFault: nil)
        #expect(hasty.observed == "Agent5 was not given its 1.5 s")
    }

    @Test
    func `if both agents fail, the error must contain both causes`() {
        var failed = receipt(.quotaExhausted, "You exceeded your current quota", attempts: 1)
        failed.state = .error
        failed.costs = Costs()
        failed.error = ServiceError(.unavailable, "Agent6 failed: \(FailingImageProvider.message)")
        let evaluator = DrillEvaluator(fault: fault(16))
        #expect(!evaluator.result(failed, filmFault: "there is no film").isPassed)
        failed.error?.message += "; before that Agent5 failed: You exceeded your current quota"
        let result = evaluator.result(failed, filmFault: "there is no film")
        #expect(result.isPassed && !result.isFilmGood)
    }

    @Test
    func `a result has the same members with and without a takeover`() throws {
        let result = DrillResult(fault(3), error: ServiceError(.unavailable, "no stack"))
        let json = try JSONCoding.convert(result, to: JSONValue.self)
        #expect(
            json.object?.keys.sorted() == [
                "attempts", "cost_usd", "expected", "fault", "film_ok", "observed", "passed", "takeover_s",
            ])
        #expect(json["takeover_s"] == .null && json["passed"] == .bool(false))
    }
}
