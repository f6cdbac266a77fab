import Contracts
import JSONRPC

/// The lead is gone for ten jobs and then back: its breaker must open, keep jobs from waiting, and close again.
struct DrillFlaps: Sendable {
    /// Jobs while the lead is gone.
    static let jobs = 10

    let fault: DrillFault
    let stage: DrillStage
    /// Seconds from the lead's return to the closed breaker, at the most.
    let bound: Double

    /// - Throws: what the services throw.
    func play() async throws -> DrillResult {
        try stage.direct(DrillFault.goodFilm)
        var receipts: [Receipt] = []
        var faults: [String] = []
        let opened = try await stage.without(Agent.lead.service) {
            for number in 1...Self.jobs { receipts.append(try await stage.job("flaps-\(number)")) }
            return try await stage.breaker(.get)
        }
        let direct = receipts.filter { $0.takeover?.breakerOpen == true }
        if opened.state == .closed { faults.append("the breaker did not open") }
        if direct.isEmpty { faults.append("no job went straight to Agent6") }
        if direct.contains(where: { !$0.leadAttempts.isEmpty }) { faults.append("Agent5 was asked by an open breaker") }

        let seconds = try await recovery(&receipts)
        if seconds == nil { faults.append("the breaker was not closed after \(Count.seconds(bound))") }
        if receipts.last?.takeover != nil { faults.append("Agent5's film was not used after its return") }
        let films = try await faultyFilms(receipts)
        if films > 0 { faults.append("\(Count.of(films, "film")) of \(receipts.count) did not decode") }

        let story =
            "\(direct.count) of \(Self.jobs) jobs went straight to Agent6; closed \(Count.seconds(seconds ?? 0)) after the return"
        return DrillResult(
            fault: fault.name, expected: fault.expectation.text,
            observed: faults.isEmpty ? story : faults.joined(separator: "; "),
            attempts: receipts.reduce(0) { $0 + $1.leadAttempts.count }, takeover: receipts.first?.secondsToTakeover,
            isFilmGood: films == 0, cost: receipts.reduce(.zero) { $0 + $1.costs.total }, isPassed: faults.isEmpty)
    }

    /// Runs jobs whenever the breaker would try the lead, until it is closed. -> seconds that took.
    private func recovery(_ receipts: inout [Receipt]) async throws -> Double? {
        let back = ContinuousClock.now
        var number = Self.jobs
        while back.duration(to: .now) < .seconds(bound) {
            let view = try await stage.breaker(.get)
            if let moment = view.probesAt {
                let wait = moment.milliseconds - Timestamp.now.milliseconds
                if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
            }
            number += 1
            receipts.append(try await stage.job("flaps-\(number)"))
            if try await stage.breaker(.get).state == .closed {
                return Double(back.duration(to: .now).milliseconds) / 1000
            }
        }
        return nil
    }

    private func faultyFilms(_ receipts: [Receipt]) async throws -> Int {
        var count = 0
        for receipt in receipts where try await stage.fault(ofFilm: receipt) != nil { count += 1 }
        return count
    }
}
