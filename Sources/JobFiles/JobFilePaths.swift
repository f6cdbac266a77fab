// SPDX-License-Identifier: Apache-2.0

import Contracts
package import Faults
import Parameters

/// The paths of a job's files, relative to the artifact store: `{root}/{user_id}/{session_id}/...`.
///
/// ```swift
/// let paths = try JobFilePaths(userID: "u1", sessionID: "s1")
/// paths.film  // scaffold_test/u1/s1/agent5/final.mp4
/// ```
package struct JobFilePaths: Sendable, Equatable {
    /// The name of the first folder unless `UNDERSTUDY_ROOT` is set.
    package static let defaultRoot = "scaffold_test"

    /// The session's folder, without a slash at either end.
    package let folder: String

    /// - Parameters:
    ///   - root: the name of the first folder.
    ///   - userID: the name of the second folder.
    ///   - sessionID: the name of the third folder.
    /// - Throws: `invalid_params` for an id that is not `[A-Za-z0-9._-]{1,64}`, or `.` or `..`.
    package init(root: String = JobFilePaths.defaultRoot, userID: String, sessionID: String) throws(ServiceError) {
        for (pointer, id) in [("/user_id", userID), ("/session_id", sessionID)] where !Identifier.isValid(id) {
            throw .invalidParams(at: pointer, expected: Identifier.rule.expected)
        }
        folder = "\(root)/\(userID)/\(sessionID)"
    }

    /// The folder of Agent2, which writes the storyboard.
    package var storyboards: String { "\(folder)/agent2" }
    /// The storyboard, as JSON.
    package var storyboard: String { "\(storyboards)/storyboard.json" }
    /// The folder of Agent4, which writes the narrations.
    package var narrations: String { "\(folder)/agent4" }
    /// The folder of Agent5 and Agent6: stills, clips, the film and its reports.
    package var outputs: String { "\(folder)/agent5" }
    /// The finished film.
    package var film: String { "\(outputs)/final.mp4" }
    /// The job's receipt, as JSON.
    package var receipt: String { "\(outputs)/receipt.json" }
    /// The film's measurements (`DeliveryReport`), as JSON.
    package var report: String { "\(outputs)/report.json" }
    /// The still of a segment.
    package func still(_ segmentID: String) -> String { "\(outputs)/\(segmentID).png" }
    /// A segment cut out of the lead's film.
    package func leadClip(_ segmentID: String) -> String { "\(outputs)/\(segmentID)_lead.mp4" }
    /// The understudy's clip of a segment.
    package func clip(_ segmentID: String) -> String { "\(outputs)/\(segmentID)_clip.mp4" }

    /// The file name extensions of narrations, without a dot, in order of preference.
    package static let narrationExtensions = ["mp3", "wav", "m4a", "aac", "flac", "ogg", "opus"]
}
