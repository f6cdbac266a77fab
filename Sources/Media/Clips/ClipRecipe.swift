// SPDX-License-Identifier: Apache-2.0

/// Describes a clip to make.
package struct ClipRecipe: Sendable {
    /// How the view moves over the picture.
    package enum Motion: Sendable, Equatable {
        /// No motion.
        case still
        /// A given motion.
        case path(MotionPath)
        /// A motion chosen for the segment, see `DefaultMotion`.
        case automatic(segmentID: String, position: Int)
    }

    /// How the frames are coded.
    package enum Coding: String, Sendable, CaseIterable {
        /// Only changes are coded; every other frame repeats the one before in a few bytes.
        case repeated
        /// The encoder codes every frame, for players that do not support the other way.
        case full
    }

    /// Path of a PNG, JPEG, WebP or GIF of at most 64 megapixels and 100 MiB.
    package var image: String
    /// Number of frames, at least 1.
    package var frames: Int
    /// Size and frame rate.
    package var format: VideoFormat
    /// Frames that must be key frames, in addition to one every two seconds.
    package var keyFramesAt: [Int]
    /// Motion over the picture.
    package var motion: Motion
    /// Coding of the frames.
    package var coding: Coding
    /// Pictures drawn over the clip, in order. At most one is visible at a time.
    package var overlays: [Overlay]

    /// Creates a recipe; by default for a still picture without overlays.
    package init(
        image: String, frames: Int, format: VideoFormat, keyFramesAt: [Int] = [], motion: Motion = .still,
        coding: Coding = .repeated, overlays: [Overlay] = []
    ) {
        self.image = image
        self.frames = frames
        self.format = format
        self.keyFramesAt = keyFramesAt
        self.motion = motion
        self.coding = coding
        self.overlays = overlays
    }

    /// Index of the overlay that is visible at a frame.
    func overlay(at frame: Int) -> Int? { overlays.firstIndex { $0.frames.contains(frame) } }

    /// The frames that are key frames: the first, requested ones, those at which an overlay appears or disappears, and
    /// at least one every two seconds.
    var keyFrames: [Int] {
        let changes = overlays.flatMap { [$0.frames.lowerBound, $0.frames.upperBound] }
        return KeyFrames.place(frames: frames, rate: format.rate, requested: keyFramesAt + changes)
    }
}
