// SPDX-License-Identifier: Apache-2.0

/// Chooses the motion of a still for which none is specified.
package enum DefaultMotion {
    /// Fractions of the picture by which a motion zooms.
    static let zoomRange = 0.07...0.12
    /// How far the closer view moves from the centre of the picture towards its focal point.
    private static let focalPull = 0.85

    /// A motion that zooms in or out.
    ///
    /// Consecutive segments alternate between the two. Amount and target depend on the segment.
    ///
    /// - Parameters:
    ///   - segmentID: Id of the segment. The same id always gives the same motion.
    ///   - position: Number of the segment in the film.
    ///   - focalPoint: Focal point of the picture, as fractions of its width and height.
    package static func path(segmentID: String, position: Int, focalPoint: (x: Double, y: Double)) -> MotionPath {
        let fraction = Double(hash(segmentID) % 1024) / 1023
        let zoom = zoomRange.lowerBound + (zoomRange.upperBound - zoomRange.lowerBound) * fraction
        let size = 1 / (1 + zoom)
        func start(_ focalPoint: Double) -> Double {
            let middle = 0.5 + (focalPoint - 0.5) * focalPull
            return min(max(middle - size / 2, 0), 1 - size)
        }
        let close = CropRectangle(x: start(focalPoint.x), y: start(focalPoint.y), width: size, height: size)
        return position % 2 == 0 ? MotionPath(from: .whole, to: close) : MotionPath(from: close, to: .whole)
    }

    /// The number at the end of a segment's id; without one, a number derived from the id.
    package static func position(of segmentID: String) -> Int {
        let digits = segmentID.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
        return Int(String(digits.suffix(9))) ?? Int(hash(segmentID) % 2)
    }

    /// FNV-1a.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
