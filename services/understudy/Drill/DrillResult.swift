import Contracts
import Faults
import Untrusted

/// What came of a fault, as `drill --json` prints it.
struct DrillResult: Codable, Sendable {
    var fault: String
    /// What should have come of it.
    var expected: String
    /// What came of it; where it did not pass, what is not as expected.
    var observed: String
    /// Calls of the lead.
    var attempts: Int
    /// Seconds from the first call of the lead to the takeover; null where nobody took over.
    var takeover: Double?
    /// Whether there is a film, and every frame of it decodes.
    var isFilmGood: Bool
    /// What was booked; nothing of it was spent.
    var cost: USD
    var isPassed: Bool

    private enum CodingKeys: String, CodingKey {
        case fault, expected, observed, attempts
        case takeover = "takeover_s"
        case isFilmGood = "film_ok"
        case cost = "cost_usd"
        case isPassed = "passed"
    }

    /// Writes an absent takeover as null: every result has the same members.
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
    /// A fault that could not be played to its end.
    init(_ fault: DrillFault, error: any Error) {
        self.init(
            fault: fault.name, expected: fault.expectation.text, observed: ServiceError(wrapping: error).description,
            attempts: 0, takeover: nil, isFilmGood: false, cost: .zero, isPassed: false)
    }

    /// All results as a table for people.
    static func table(_ results: [(number: Int, result: DrillResult)]) -> String {
        var table = TextTable("", "FAULT", "EXPECTED", "WHAT HAPPENED", "ASKED", "TAKEOVER", "FILM", "COST", "")
        for (number, result) in results {
            table.rows.append([
                "\(number)", result.fault, result.expected, Count.shortened(result.observed, to: 56),
                "\(result.attempts)", result.takeover.map(Count.seconds) ?? "-", result.isFilmGood ? "decodes" : "none",
                result.cost.text, result.isPassed ? "pass" : "FAIL",
            ])
        }
        let failed = results.filter { !$0.result.isPassed }
        var lines = [table.text, ""]
        // A table has no room for the whole story of what went wrong.
        lines += failed.map { "\($0.number) \($0.result.fault): \($0.result.observed.printable())" }
        let count = results.count
        lines.append(failed.isEmpty ? "all \(count) passed" : "\(failed.count) of \(count) failed")
        return lines.joined(separator: "\n")
    }
}
