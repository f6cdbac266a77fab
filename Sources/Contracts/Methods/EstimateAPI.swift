package import Calls

extension OrchestratorAPI {
    package static let estimate = Method<StartJob, Estimate>(
        "orchestrator.estimate", of: .orchestrator, idempotent: true, load: .light,
        summary: "Says what the understudy's film would cost and take, and makes nothing.")
}

/// What a job would need of the understudy. What the lead charges is the lead's to say, and comes on top.
package struct Estimate: Codable, Sendable {
    package var segments: Int
    /// Seconds that the film lasts.
    package var film: Double
    /// The calls of the services, in the order of the work.
    package var calls: [EstimatedCall]
    package var cost: USD
    /// The job's limit, where it has one.
    package var maxCost: USD?
    /// Whether the whole film can be made within the limit.
    package var fits: Bool
    /// Seconds that the work takes, by how long such calls took so far.
    package var seconds: Double
    /// What the user should know before the job begins.
    package var warnings: [String]

    package init(
        segments: Int, film: Double, calls: [EstimatedCall], cost: USD, maxCost: USD?, fits: Bool, seconds: Double,
        warnings: [String]
    ) {
        self.segments = segments
        self.film = film
        self.calls = calls
        self.cost = cost
        self.maxCost = maxCost
        self.fits = fits
        self.seconds = seconds
        self.warnings = warnings
    }

    private enum CodingKeys: String, CodingKey {
        case segments, calls, fits, seconds, warnings
        case film = "film_s"
        case cost = "cost_usd"
        case maxCost = "max_cost_usd"
    }
}

/// All calls of one method.
package struct EstimatedCall: Codable, Sendable, Equatable {
    package var service: String
    package var method: String
    package var count: Int
    /// The price of one call.
    package var unit: USD
    package var cost: USD

    package init(service: String, method: String, count: Int, unit: USD) {
        self.service = service
        self.method = method
        self.count = count
        self.unit = unit
        cost = unit * count
    }

    package init<P, R>(_ method: Method<P, R>, count: Int, unit: USD) {
        self.init(service: method.service?.rawValue ?? "", method: method.name, count: count, unit: unit)
    }

    private enum CodingKeys: String, CodingKey {
        case service, method, count
        case unit = "unit_usd"
        case cost = "cost_usd"
    }
}
