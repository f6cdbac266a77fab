// SPDX-License-Identifier: Apache-2.0

/// Result of making a clip.
package struct ClipReport: Sendable, Equatable {
    /// Number of frames.
    package let frames: Int
    /// Duration in seconds.
    package let duration: Double
    /// Size of the largest coded picture, in bytes.
    package let largestPicture: Int
    /// Time spent in each stage.
    package let stages: ClipStages
    /// Problems of the source picture that did not prevent the clip, one sentence each.
    package var warnings: [String] = []
}

/// Time spent in each stage of making a clip, in seconds.
package struct ClipStages: Sendable, Equatable {
    /// Decoding the source picture, scaling it and converting its colours.
    package var picture = 0.0
    /// Encoding; with a motion, including resampling.
    package var coding = 0.0
    /// Writing the file.
    package var writing = 0.0
}
