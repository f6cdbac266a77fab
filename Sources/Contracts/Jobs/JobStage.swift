// SPDX-License-Identifier: Apache-2.0

/// A stage of a job's run. The raw value is the name on the wire.
package enum JobStage: String, Codable, Sendable, CaseIterable {
    /// Reading the storyboard and the narrations.
    case load
    /// The call of Agent2.
    case agent2
    /// The call of Agent4.
    case agent4
    /// The call of Agent5.
    case lead = "agent5"
    /// Drawing stills; `images` on the wire.
    case stills = "images"
    /// Turning stills into clips.
    case clips
    /// Adding the narrations to the clips.
    case narration
    /// Stitching the film.
    case stitch
    /// Checking the stitched film.
    case verify
}
