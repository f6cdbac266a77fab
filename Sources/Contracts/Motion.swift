/// How a still moves: `"still"`, `"ken_burns"`, or `{"from": {...}, "to": {...}, "ease": "ease_in_out"}`.
package enum Motion: Codable, Sendable, Equatable {
    case still
    /// Slowly into the picture or out of it, chosen by the segment.
    case kenBurns
    /// From one part of the picture to another.
    case path(MotionBetween)

    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        guard let name = try? container.decode(String.self) else {
            self = .path(try MotionBetween(from: decoder))
            return
        }
        switch name {
        case "still": self = .still
        case "ken_burns": self = .kenBurns
        default:
            throw DecodingError.dataCorruptedError(
                in: container, debugDescription: "still, ken_burns, or {from, to, ease}")
        }
    }

    package func encode(to encoder: any Encoder) throws {
        switch self {
        case .path(let path): try path.encode(to: encoder)
        case .still:
            var container = encoder.singleValueContainer()
            try container.encode("still")
        case .kenBurns:
            var container = encoder.singleValueContainer()
            try container.encode("ken_burns")
        }
    }
}

package struct MotionBetween: Codable, Sendable, Equatable {
    package var from: PictureRectangle
    package var to: PictureRectangle
    /// `ease_in_out` if absent.
    package var ease: MotionEase?

    package init(from: PictureRectangle, to: PictureRectangle, ease: MotionEase? = nil) {
        self.from = from
        self.to = to
        self.ease = ease
    }
}

package enum MotionEase: String, Codable, Sendable, CaseIterable {
    case linear
    case easeIn = "ease_in"
    case easeOut = "ease_out"
    case easeInOut = "ease_in_out"
}

/// A part of a picture as fractions, 0 to 1, of its width and its height, once it is cropped to the film's aspect; origin at
/// the top left. Width and height are the same fraction.
package struct PictureRectangle: Codable, Sendable, Equatable {
    package var x: Double
    package var y: Double
    package var width: Double
    package var height: Double

    package init(x: Double, y: Double, width: Double, height: Double) {
        self.x = x
        self.y = y
        self.width = width
        self.height = height
    }
}
