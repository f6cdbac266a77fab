// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct LedgerTests {
    private let start = Timestamp(milliseconds: 1000)
    private let end = Timestamp(milliseconds: 3000)

    @Test
    func `an entry is booked to its agent, its segment, its stage and the list of attempts`() {
        var ledger = Ledger()
        var entry = LedgerEntry(.understudy, .still, segmentID: "a", startedAt: start, stage: .stills)
        (entry.cost, entry.wasted, entry.unknown) = (USD(0.02), USD(0.01), USD(0.04))
        (entry.saved, entry.hedge) = (USD(0.03), USD(0.07))
        ledger.book(entry, at: end)
        #expect(ledger.costs.understudy == USD(0.03) && ledger.costs.total == USD(0.03))
        #expect(ledger.wasted == USD(0.01) && ledger.unknown == USD(0.04) && ledger.saved == USD(0.03))
        #expect(ledger.hedge == USD(0.07) && ledger.cost(of: "a") == USD(0.03) && ledger.cost(of: "b") == .zero)
        #expect(ledger.attempts.map(\.cost) == [USD(0.03)] && ledger.attempts[0].unknown == USD(0.04))
        #expect(ledger.stages.map(\.seconds) == [2] && ledger.secondsBySegment == ["a": 2])
        #expect(ledger.remaining(of: USD(0.1)) == USD(0.03) && ledger.remaining(of: nil) == nil)
    }

    @Test
    func `stitching is charged to the understudy even if it joins the lead's clips`() {
        var ledger = Ledger()
        var entry = LedgerEntry(.lead, .stitch, startedAt: start, stage: .stitch)
        (entry.cost, entry.payer) = (USD(0.01), .understudy)
        ledger.book(entry, at: end)
        #expect(ledger.costs.understudy == USD(0.01) && ledger.costs.lead == .zero)
        #expect(ledger.attempts.map(\.agent) == [.lead])
    }

    @Test
    func `writing off an agent's costs twice counts them once`() {
        var ledger = Ledger()
        var entry = LedgerEntry(.lead, .film, startedAt: start)
        (entry.cost, entry.wasted) = (USD(0.5), USD(0.1))
        ledger.book(entry, at: end)
        ledger.bookLoss(USD(0.2), unknown: USD(0.3), of: .lead)
        #expect(ledger.wasted == USD(0.3) && ledger.unknown == USD(0.3) && ledger.costs.lead == USD(0.8))
        for _ in 0..<2 { ledger.writeOffAll(of: .lead) }
        #expect(ledger.wasted == USD(0.8))
    }

    @Test
    func `a paid call that is no longer needed must be settled once, unless the event was its end`() {
        var ledger = Ledger()
        let stills = (0...2).map { JobWork.still(segment: $0, attempt: 0, provider: nil) }
        let card = JobWork.still(segment: 3, attempt: 0, provider: StillProvider.card)
        ledger.setInFlight(Set(stills + [card, .lead(attempt: 1)]), after: .started)
        #expect(ledger.unsettled.isEmpty)
        let failed = JobEvent.stillFailed(segment: 0, ServiceError(.internal, "x"), startedAt: start)
        ledger.setInFlight([stills[2]], after: failed)
        #expect(ledger.unsettled == [stills[1], .lead(attempt: 1)])
        #expect(ledger.settle(segment: 1) == stills[1] && ledger.settle(segment: 1) == nil)
        ledger.settleLead()
        #expect(ledger.unsettled.isEmpty)
    }

    @Test
    func `a new run resets the stages and keeps the costs`() {
        var ledger = Ledger()
        var entry = LedgerEntry(.understudy, .clip, segmentID: "a", startedAt: start, stage: .clips)
        entry.cost = USD(0.001)
        ledger.book(entry, at: end)
        ledger.setInFlight([.lead(attempt: 1)], after: .started)
        ledger.setInFlight([], after: .cancelled)
        ledger.reopen()
        #expect(ledger.stages.isEmpty && ledger.unsettled.isEmpty)
        #expect(ledger.costs.understudy == USD(0.001) && ledger.attempts.count == 1)
    }
}
