import Contracts
import Faults
import JSON

/// Whether an agent's answer can be meant: what no provider of good will would say is a failure of the agent.
enum AgentAnswer {
    /// Bytes that the URI of a film or a clip may have.
    private static let longestPlace = 4096

    /// - Parameters:
    ///   - agent: who answered.
    ///   - segments: the job's; a clip of any other is for another job.
    /// - Throws: `corrupt_media` that says what is wrong, and reports what the answer cost if it is this job's.
    static func check(_ result: AgentResult, of agent: Agent, job: String, segments: [String]) throws(ServiceError) {
        func refuse(_ words: String) -> ServiceError {
            let error = ServiceError(.corruptMedia, "\(agent.name) \(words)")
            return result.jobID ?? job == job ? result.refused(error) : error
        }
        if let other = result.jobID, other != job { throw refuse("answered for the job \(quoted(other))") }
        for cost in [result.cost, result.wasted ?? .zero, result.unknown ?? .zero] {
            guard AgentResult.costs.contains(cost) else { throw refuse("says that it cost \(cost.text)") }
        }
        for place in [result.video].compactMap({ $0 }) + result.clips.compactMap(\.clip) {
            guard place.utf8.count <= longestPlace else { throw refuse("names a file of \(place.utf8.count) bytes") }
        }
        let known = Set(segments)
        var seen: Set<String> = []
        for clip in result.clips {
            guard known.contains(clip.segmentID) else {
                throw refuse("answered for the segment \(quoted(clip.segmentID)), which the job does not have")
            }
            guard seen.insert(clip.segmentID).inserted else {
                throw refuse("answered twice for the segment \(quoted(clip.segmentID))")
            }
        }
    }

    /// The error of a service that names a file by more bytes than a URI has; `nil` for every other name.
    static func longName(_ place: String, of service: String) -> ServiceError? {
        guard place.utf8.count > longestPlace else { return nil }
        return ServiceError(.internal, "\(service) names a file of \(place.utf8.count) bytes")
    }

    private static func quoted(_ text: String) -> String { JSONText.quote(String(text.prefix(100))) }
}
