// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Untrusted

/// The result of a fault, as `understudy drill --json` prints it.
struct DrillResult: Codable, Sendable {
    var fault: String
    /// The expected result in words.
    var expected: String
    /// The observed result in words; the deviations if it did not pass.
    var observed: String
    /// The number of calls of the lead.
    var attempts: Int
    /// Seconds from the first call of the lead to the takeover; null if there was none.
    var takeover: Double?
    /// Whether there is a film, and every frame of it decodes.
    var isFilmGood: Bool
    /// The booked cost; nothing is really spent.
    var cost: USD
    var isPassed: Bool

    private enum CodingKeys: String, CodingKey {
        case fault, expected, observed, attempts
        case takeover = "takeover_s"
        case isFilmGood = "film_ok"
        case cost = "cost_usd"
        case isPassed = "passed"
    }

    /// Encodes an absent takeover as null, so that every result has the same members.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(fault, forKey: .fault)
        try container.encode(expected, forKey: .expected)
        try container.encode(observed, forKey: .observed)
        try container.encode(attempts, forKey: .attempts)
        try container.encode(takeover, forKey: .takeover)
        try container.encode(isFilmGood, forKey: .isFilmGood)
        try container.encode(cost, forKey: .cost)
        try container.encode(isPassed, forKey: .isPassed)
    }
}

extension DrillResult {
    /// The result of a fault that could not be injected.
    init(_ fault: DrillFault, error: any Error) {
        self.init(
            fault: fault.name, expected: fault.expectation.text, observed: ServiceError(wrapping: error).description,
            attempts: 0, takeover: nil, isFilmGood: false, cost: .zero, isPassed: false)
    }

    /// A table of all results, the deviations, and a summary.
    static func table(_ results: [(number: Int, result: DrillResult)]) -> String {
        var table = TextTable("", "FAULT", "EXPECTED", "OBSERVED", "CALLS", "TAKEOVER", "FILM", "COST", "")
        for (number, result) in results {
            table.rows.append([
                "\(number)", result.fault, result.expected, Formatting.truncated(result.observed, to: 56),
                "\(result.attempts)", result.takeover.map(Formatting.seconds) ?? "-",
                result.isFilmGood ? "decodes" : "none",
                result.cost.text, result.isPassed ? "pass" : "FAIL",
            ])
        }
        let failed = results.filter { !$0.result.isPassed }
        var lines = [table.text, ""]
        // The table truncates the deviations.
        lines += failed.map { "\($0.number) \($0.result.fault): \($0.result.observed.printable())" }
        let count = results.count
        lines.append(failed.isEmpty ? "all \(count) passed" : "\(failed.count) of \(count) failed")
        return lines.joined(separator: "\n")
    }
}
