// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// A part of a picture, as fractions of the picture's width and height: 0 to 1, origin at the top left.
package struct CropRectangle: Sendable, Equatable {
    /// Left edge.
    package var x: Double
    /// Top edge.
    package var y: Double
    /// Width.
    package var width: Double
    /// Height.
    package var height: Double

    /// Creates a rectangle without checking it, see `unmetRequirement`.
    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }

    /// The whole picture.
    package static let whole = CropRectangle(x: 0, y: 0, width: 1, height: 1)

    /// What a valid rectangle would be; `nil` if this one is valid: inside the picture and of the picture's aspect
    /// ratio.
    package var unmetRequirement: String? {
        PictureArea.unmetRequirement(x: x, y: y, width: width, height: height)
    }
}
