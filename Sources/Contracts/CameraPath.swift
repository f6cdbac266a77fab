// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// A movement from one part of a picture to another.
package struct CameraPath: Codable, Sendable, Equatable {
    /// The part shown first.
    package var from: PictureRectangle
    /// The part shown last.
    package var to: PictureRectangle
    /// How the speed changes; `ease_in_out` if absent.
    package var ease: MotionEase?

    /// Creates a path.
    package init(from: PictureRectangle, to: PictureRectangle, ease: MotionEase? = nil) {
        self.from = from
        self.to = to
        self.ease = ease
    }
}

/// How the speed of a camera movement changes.
package enum MotionEase: String, Codable, Sendable, CaseIterable {
    /// Constant speed.
    case linear
    /// Starts slowly.
    case easeIn = "ease_in"
    /// Ends slowly.
    case easeOut = "ease_out"
    /// Starts and ends slowly.
    case easeInOut = "ease_in_out"
}

/// A part of a picture, as fractions, 0 to 1, of its width and height after it was cropped to the film's aspect ratio.
/// The origin is the top left corner. `width` and `height` are equal.
package struct PictureRectangle: Codable, Sendable, Equatable {
    /// The left edge.
    package var x: Double
    /// The top edge.
    package var y: Double
    /// The width as a fraction of the picture's width.
    package var width: Double
    /// The height as a fraction of the picture's height.
    package var height: Double

    /// Creates a rectangle from fractions of the picture.
    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// What a valid rectangle would be; `nil` if this one is valid.
    var unmetRequirement: String? { PictureArea.unmetRequirement(x: x, y: y, width: width, height: height) }
}
