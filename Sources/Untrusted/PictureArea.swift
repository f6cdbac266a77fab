// SPDX-License-Identifier: Apache-2.0

/// The rule for a part of a picture that a camera shows, given as fractions of the picture's width and height.
package enum PictureArea {
    /// The smallest width and height.
    package static let minimum = 0.1

    /// What a valid part would be; `nil` if this one is valid: inside the picture and of the picture's aspect ratio.
    ///
    /// - Parameters:
    ///   - x: the left edge.
    ///   - y: the top edge.
    package static func unmetRequirement(x: Double, y: Double, width: Double, height: Double) -> String? {
        let edges = [x, y, width, height, x + width, y + height]
        guard edges.allSatisfy({ $0.isFinite && $0 >= -1e-9 && $0 <= 1 + 1e-9 }) else {
            return "a rectangle inside the picture, as fractions from 0 to 1"
        }
        guard width >= minimum, height >= minimum else { return "a rectangle of at least a tenth of the picture" }
        guard abs(width - height) <= 0.01 * max(width, height) else {
            return "equal width and height fractions (the rectangle must have the film's aspect ratio)"
        }
        return nil
    }
}
