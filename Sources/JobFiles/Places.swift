import Contracts
package import Faults
import Parameters

/// The names of a job's files below the store, `scaffold_test/{user_id}/{session_id}/...`.
package struct Places: Sendable, Equatable {
    /// The first folder's name if nothing else is configured.
    package static let defaultRoot = "scaffold_test"

    /// The session's folder relative to the store, without a slash at either end.
    package let folder: String

    /// - Throws: `invalid_params` for an id that is not `[A-Za-z0-9._-]{1,64}`, or `.` or `..`.
    package init(root: String = Places.defaultRoot, userID: String, sessionID: String) throws(ServiceError) {
        for (pointer, id) in [("/user_id", userID), ("/session_id", sessionID)] where !Identifier.isValid(id) {
            throw .invalidParams(at: pointer, expected: Identifier.rule.expected)
        }
        folder = "\(root)/\(userID)/\(sessionID)"
    }

    package var storyboards: String { "\(folder)/agent2" }
    package var storyboard: String { "\(storyboards)/storyboard.json" }
    package var narrations: String { "\(folder)/agent4" }
    package var outputs: String { "\(folder)/agent5" }
    package var film: String { "\(outputs)/final.mp4" }
    package var receipt: String { "\(outputs)/receipt.json" }
    /// What the film measures, point by point.
    package var report: String { "\(outputs)/report.json" }
    package func still(_ segmentID: String) -> String { "\(outputs)/\(segmentID).png" }
    /// A segment that was cut out of the lead's film.
    package func leadClip(_ segmentID: String) -> String { "\(outputs)/\(segmentID)_lead.mp4" }
    package func clip(_ segmentID: String) -> String { "\(outputs)/\(segmentID)_clip.mp4" }

    /// The endings of narration files, without a dot, the preferred first.
    package static let narrationExtensions = ["mp3", "wav", "m4a", "aac", "flac", "ogg", "opus"]
}
