// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON

/// Validates an agent's result. An implausible result is a failure of the agent.
enum AgentResultCheck {
    /// The maximum length of the URI of a film or a clip, in bytes.
    private static let maximumURIBytes = 4096

    /// Checks the job, costs, URIs and segments of a result.
    ///
    /// - Parameters:
    ///   - result: the agent's result.
    ///   - agent: the agent that returned it.
    ///   - job: the id of the job that called the agent.
    ///   - segments: the ids of the job's segments.
    /// - Throws: `corrupt_media` with the reason, and with the result's cost unless it is for another job.
    static func check(_ result: AgentResult, of agent: Agent, job: String, segments: [String]) throws(ServiceError) {
        func rejection(_ reason: String) -> ServiceError {
            let error = ServiceError(.corruptMedia, "\(agent.name) \(reason)")
            return result.jobID ?? job == job ? result.rejected(with: error) : error
        }
        if let other = result.jobID, other != job { throw rejection("answered for the job \(quoted(other))") }
        for cost in [result.cost, result.wasted ?? .zero, result.unknown ?? .zero] {
            guard AgentResult.plausibleCosts.contains(cost) else { throw rejection("reported a cost of \(cost.text)") }
        }
        for uri in [result.video].compactMap({ $0 }) + result.clips.compactMap(\.clip) {
            guard uri.utf8.count <= maximumURIBytes else {
                throw rejection("returned a file name of \(uri.utf8.count) bytes")
            }
        }
        let known = Set(segments)
        var seen: Set<String> = []
        for clip in result.clips {
            guard known.contains(clip.segmentID) else {
                throw rejection("answered for the segment \(quoted(clip.segmentID)), which the job does not have")
            }
            guard seen.insert(clip.segmentID).inserted else {
                throw rejection("answered twice for the segment \(quoted(clip.segmentID))")
            }
        }
    }

    /// Checks the length of a URI that a service returned.
    ///
    /// - Returns: an `internal` error if the URI is too long; `nil` if it is valid.
    static func lengthError(_ uri: String, of service: String) -> ServiceError? {
        guard uri.utf8.count > maximumURIBytes else { return nil }
        return ServiceError(.internal, "\(service) returned a file name of \(uri.utf8.count) bytes")
    }

    private static func quoted(_ text: String) -> String { JSONText.quote(String(text.prefix(100))) }
}
