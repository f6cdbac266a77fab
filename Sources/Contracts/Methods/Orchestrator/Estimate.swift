// SPDX-License-Identifier: Apache-2.0

package import Calls

/// The result of `orchestrator.estimate`: what the understudy would need for a job. The cost of the lead is not
/// included.
package struct Estimate: Codable, Sendable {
    /// The number of segments.
    package var segments: Int
    /// The duration of the film in seconds; `film_s` on the wire.
    package var filmDuration: Double
    /// The calls of the services, in the order of the work.
    package var calls: [EstimatedCall]
    /// The total cost of the calls.
    package var cost: USD
    /// The job's budget; absent if it has none.
    package var maxCost: USD?
    /// Whether the whole film can be made within the budget; `fits` on the wire.
    package var isWithinBudget: Bool
    /// The estimated duration of the work in seconds, from the durations of such calls so far.
    package var seconds: Double
    /// What the user should know before the job is started.
    package var warnings: [String]

    /// Creates an estimate from its members.
    package init(
        segments: Int, filmDuration: Double, calls: [EstimatedCall], cost: USD, maxCost: USD?, isWithinBudget: Bool,
        seconds: Double, warnings: [String]
    ) {
        self.segments = segments
        self.filmDuration = filmDuration
        self.calls = calls
        self.cost = cost
        self.maxCost = maxCost
        self.isWithinBudget = isWithinBudget
        self.seconds = seconds
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case segments, calls, seconds, warnings
        case isWithinBudget = "fits"
        case filmDuration = "film_s"
        case cost = "cost_usd"
        case maxCost = "max_cost_usd"
    }
}

/// All calls of one method.
package struct EstimatedCall: Codable, Sendable, Equatable {
    /// The name of the service.
    package var service: String
    /// The name of the method on the wire.
    package var method: String
    /// The number of calls.
    package var count: Int
    /// The price of one call.
    package var unit: USD
    /// The price of all calls.
    package var cost: USD

    /// Creates an entry and computes its cost.
    package init(service: String, method: String, count: Int, unit: USD) {
        self.service = service
        self.method = method
        self.count = count
        self.unit = unit
        cost = unit * count
    }

    /// Creates an entry for `method` and computes its cost.
    package init<P, R>(_ method: Method<P, R>, count: Int, unit: USD) {
        self.init(service: method.service?.rawValue ?? "", method: method.name, count: count, unit: unit)
    }

    private enum CodingKeys: String, CodingKey {
        case service, method, count
        case unit = "unit_usd"
        case cost = "cost_usd"
    }
}

extension OrchestratorAPI {
    /// `orchestrator.estimate`: estimates the cost and duration of the understudy's film without making anything.
    package static let estimate = Method<StartJob, Estimate>(
        "orchestrator.estimate", of: .orchestrator, idempotent: true, load: .light,
        summary: "Estimates the cost and duration of the understudy's film without making anything.")
}
