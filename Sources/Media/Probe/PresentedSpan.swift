// SPDX-License-Identifier: Apache-2.0

/// When the decoded frames of a stream are presented.
package struct PresentedSpan: Sendable, Equatable {
    /// Start of the first frame, in seconds on the file's time line.
    package var start: Double
    /// End of the last frame, in seconds on the file's time line.
    package var end: Double
    /// Seconds of decoded sound; for pictures, the time from `start` to `end`.
    package var presented: Double
}
