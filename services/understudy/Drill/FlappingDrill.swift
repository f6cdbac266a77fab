// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSONRPC

/// The lead is down for ten jobs and then back. Its breaker must open, keep jobs from calling the lead, and close again.
struct FlappingDrill: Sendable {
    /// Jobs while the lead is down.
    static let jobs = 10

    let fault: DrillFault
    let stack: DrillStack
    /// Seconds within which the breaker must close after the lead is back.
    let limit: Double

    /// Runs the jobs.
    ///
    /// - Throws: what the services throw.
    func run() async throws -> DrillResult {
        try stack.setScript(DrillFault.goodFilm)
        var receipts: [Receipt] = []
        var deviations: [String] = []
        let opened = try await stack.without(Agent.lead.service) {
            for number in 1...Self.jobs { receipts.append(try await stack.job("flaps-\(number)")) }
            return try await stack.breaker(.get)
        }
        let direct = receipts.filter { $0.takeover?.isBreakerOpen == true }
        if opened.state == .closed { deviations.append("the breaker did not open") }
        if direct.isEmpty { deviations.append("no job went straight to Agent6") }
        if direct.contains(where: { !$0.leadAttempts.isEmpty }) {
            deviations.append("Agent5 was called despite an open breaker")
        }

        let seconds = try await recovery(&receipts)
        if seconds == nil { deviations.append("the breaker was not closed after \(Formatting.seconds(limit))") }
        if receipts.last?.takeover != nil { deviations.append("Agent5's film was not used after its return") }
        let films = try await brokenFilms(receipts)
        if films > 0 { deviations.append("\(Formatting.count(films, "film")) of \(receipts.count) did not decode") }

        let summary =
            "\(direct.count) of \(Self.jobs) jobs went straight to Agent6; closed \(Formatting.seconds(seconds ?? 0)) after the return"
        return DrillResult(
            fault: fault.name, expected: fault.expectation.text,
            observed: deviations.isEmpty ? summary : deviations.joined(separator: "; "),
            attempts: receipts.reduce(0) { $0 + $1.leadAttempts.count }, takeover: receipts.first?.secondsToTakeover,
            isFilmGood: films == 0, cost: receipts.reduce(.zero) { $0 + $1.costs.total }, isPassed: deviations.isEmpty)
    }

    /// Runs a job at each probe of the breaker until it is closed.
    ///
    /// - Returns: the seconds until the breaker was closed; `nil` if it was not within the limit.
    private func recovery(_ receipts: inout [Receipt]) async throws -> Double? {
        let start = ContinuousClock.now
        var number = Self.jobs
        while start.duration(to: .now) < .seconds(limit) {
            let view = try await stack.breaker(.get)
            if let probe = view.probesAt {
                let wait = probe.milliseconds - Timestamp.now.milliseconds
                if wait > 0 { try await Task.sleep(for: .milliseconds(wait)) }
            }
            number += 1
            receipts.append(try await stack.job("flaps-\(number)"))
            if try await stack.breaker(.get).state == .closed {
                return Double(start.duration(to: .now).milliseconds) / 1000
            }
        }
        return nil
    }

    /// The number of jobs whose film does not decode.
    private func brokenFilms(_ receipts: [Receipt]) async throws -> Int {
        var count = 0
        for receipt in receipts where try await stack.fault(ofFilm: receipt) != nil { count += 1 }
        return count
    }
}
