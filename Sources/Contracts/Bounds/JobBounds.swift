// SPDX-License-Identifier: Apache-2.0

package import Parameters

/// Bounds of a job's options and of the parameters of calls about jobs.
package enum JobBounds {
    /// The number of images drawn concurrently.
    package static let imageConcurrency = NumberBound(1...16, default: JobDefaults.imageConcurrency)
    /// The priority of a job. Jobs with a higher priority start first.
    package static let priority = NumberBound(-100...100, .number, default: 0)
    /// The budget of a job or of a part of it.
    package static let cost = NumberBound(from: USD.zero, .dollars)
    /// The budget of stills prepared while the lead works.
    package static let hedgeCost = NumberBound(from: USD.zero, .dollars, default: JobDefaults.hedgeMaxCost)
    /// The total time of Agent5's call.
    package static let agent5Timeout = NumberBound(0.1...86_400, .seconds, default: JobDefaults.agent5Timeout)
    /// The stall timeout of Agent5: the longest time without a progress report.
    package static let agent5Stall = NumberBound(0.1...86_400, .seconds, default: JobDefaults.agent5Stall)
    /// Any other time that a job waits for Agent5.
    package static let wait = NumberBound(0.1...86_400, .seconds)
    /// The share of the lead's film from which on black or frozen pictures are a fault.
    package static let leadFaultShare = NumberBound(0.05...1, .share, default: JobDefaults.leadFaultShare)
    /// The number of jobs on a page of the list.
    package static let page = NumberBound(1...1000, default: JobDefaults.page)
    /// The sequence number of a status message.
    package static let seq = NumberBound(from: 0)
    /// A supersession's id, or an idempotency key.
    package static let key = TextRule.plain(1...256)
}
