// SPDX-License-Identifier: Apache-2.0

/// Limits that keep captions readable.
enum CaptionLimits {
    /// Maximum columns of a line.
    static let columns = 42
    /// Maximum reading speed, in characters per second.
    static let readingSpeed = 17.0
    /// Minimum duration of a caption where time allows, in seconds.
    static let minimumDuration = 1.0
    /// Maximum duration of a caption, in seconds.
    static let maximumDuration = 7.0
}
