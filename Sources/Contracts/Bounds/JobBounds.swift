package import Parameters

/// Bounds of jobs.
package enum JobBounds {
    /// Images drawn at a time.
    package static let imageConcurrency = NumberBound(1...16, standard: JobDefaults.imageConcurrency)
    package static let priority = NumberBound(-100...100, .number, standard: 0)
    /// What a job, or a part of it, may cost.
    package static let cost = NumberBound(from: USD.zero, .dollars)
    package static let hedgeCost = NumberBound(from: USD.zero, .dollars, standard: JobDefaults.hedgeMaxCost)
    package static let agent5Timeout = NumberBound(0.1...86_400, .seconds, standard: JobDefaults.agent5Timeout)
    package static let agent5Stall = NumberBound(0.1...86_400, .seconds, standard: JobDefaults.agent5Stall)
    /// Other times that a job waits for Agent5.
    package static let wait = NumberBound(0.1...86_400, .seconds)
    package static let leadFaultShare = NumberBound(0.05...1, .share, standard: JobDefaults.leadFaultShare)
    /// Jobs on a page of the list.
    package static let page = NumberBound(1...1000, standard: JobDefaults.page)
    /// The number of a status message.
    package static let seq = NumberBound(from: 0)
    /// A supersession's id, or an idempotency key.
    package static let key = TextRule.plain(1...256)
}
