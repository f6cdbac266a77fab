/// Which way a still moves, when nobody says.
package enum MotionChoice {
    /// Shares of the picture by which a motion zooms.
    static let zooms = 0.07...0.12
    /// How far the closer view goes from the picture's middle towards its interest.
    private static let pull = 0.85

    /// A motion into the picture or out of it.
    ///
    /// Parts in a row alternate between the two, so that no motion follows its like; how much and where to is the segment's own.
    ///
    /// - Parameters:
    ///   - segmentID: the same id always moves the same.
    ///   - position: the segment's number in the film.
    ///   - interest: what the eye looks for, as fractions of the width and the height.
    package static func path(segmentID: String, position: Int, interest: (x: Double, y: Double)) -> MotionPath {
        let share = Double(hash(segmentID) % 1024) / 1023
        let zoom = zooms.lowerBound + (zooms.upperBound - zooms.lowerBound) * share
        let size = 1 / (1 + zoom)
        func start(_ interest: Double) -> Double {
            let middle = 0.5 + (interest - 0.5) * pull
            return min(max(middle - size / 2, 0), 1 - size)
        }
        let close = CropRectangle(x: start(interest.x), y: start(interest.y), width: size, height: size)
        return position % 2 == 0 ? MotionPath(from: .whole, to: close) : MotionPath(from: close, to: .whole)
    }

    /// The number that a segment's id ends with; without one, a number made of the id.
    package static func position(of segmentID: String) -> Int {
        let digits = segmentID.reversed().prefix { $0.isASCII && $0.isNumber }.reversed()
        return Int(String(digits.suffix(9))) ?? Int(hash(segmentID) % 2)
    }

    /// FNV-1a.
    private static func hash(_ text: String) -> UInt64 {
        text.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }
}
