// SPDX-License-Identifier: Apache-2.0

/// The result of `clipper.create`.
package struct CreatedClip: Codable, Sendable {
    /// The artifact URI of the clip.
    package var clip: String
    /// The duration in seconds: `frames` divided by the frame rate.
    package var duration: Double
    /// The number of frames.
    package var frames: Int
    /// The width in pixels.
    package var width: Int
    /// The height in pixels.
    package var height: Int
    /// The frame rate in frames per second.
    package var fps: Double
    /// The size of the file in bytes.
    package var bytes: Int
    /// What the clip cost.
    package var cost: USD
    /// The time in seconds from reading the still to the finished file.
    package var encodeTime: Double
    /// The parts of `encodeTime`.
    package var stages: ClipStageTimes?
    /// What could not be used of the image, such as a damaged colour profile, one sentence each.
    package var warnings: [String]?

    /// Creates a result without warnings.
    package init(
        clip: String, duration: Double, frames: Int, width: Int, height: Int, fps: Double, bytes: Int, cost: USD,
        encodeTime: Double, stages: ClipStageTimes? = nil
    ) {
        self.clip = clip
        self.duration = duration
        self.frames = frames
        self.width = width
        self.height = height
        self.fps = fps
        self.bytes = bytes
        self.cost = cost
        self.encodeTime = encodeTime
        self.stages = stages
    }

    private enum CodingKeys: String, CodingKey {
        case clip, duration, frames, width, height, fps, bytes, stages, warnings
        case cost = "cost_usd"
        case encodeTime = "encode_s"
    }
}

/// The times that the stages of a clip took, in seconds.
package struct ClipStageTimes: Codable, Sendable, Equatable {
    /// Reading the still, scaling it and converting its colours.
    package var picture: Double
    /// Encoding, and resampling if the clip has motion.
    package var coding: Double
    /// Writing the file.
    package var writing: Double

    /// Creates the times of the stages.
    package init(picture: Double, coding: Double, writing: Double) {
        self.picture = picture
        self.coding = coding
        self.writing = writing
    }

    private enum CodingKeys: String, CodingKey {
        case picture = "picture_s"
        case coding = "coding_s"
        case writing = "writing_s"
    }
}
