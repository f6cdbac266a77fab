import Glibc

/// A part of a picture, as fractions of the picture's width and height: 0 to 1, origin at the top left.
package struct CropRectangle: Sendable, Equatable {
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

    /// The whole picture.
    package static let whole = CropRectangle(x: 0, y: 0, width: 1, height: 1)

    /// What is wrong with it, if anything: it must lie in the picture, and keep the picture's aspect.
    package var fault: String? {
        let edges = [x, y, width, height, x + width, y + height]
        guard edges.allSatisfy({ $0.isFinite && $0 >= -1e-9 && $0 <= 1 + 1e-9 }) else {
            return "a rectangle inside the picture, as fractions from 0 to 1"
        }
        guard width >= 0.1, height >= 0.1 else { return "a rectangle of at least a tenth of the picture" }
        guard abs(width - height) <= 0.01 * max(width, height) else {
            return "a rectangle of the film's aspect: width and height the same fraction"
        }
        return nil
    }
}

/// How a motion begins and ends.
package enum Ease: String, Sendable, CaseIterable {
    case linear
    case easeIn = "ease_in"
    case easeOut = "ease_out"
    case easeInOut = "ease_in_out"

    /// The share of the time in which the speed grows, or falls, along a raised cosine; between, the speed is constant.
    private static let ramp = 0.25

    /// How much of the way is done, 0 to 1, at a share of the time.
    func progress(at time: Double) -> Double {
        let time = min(max(time, 0), 1)
        switch self {
        case .linear: return time
        case .easeIn: return Self.eased(time) / Self.eased(1)
        case .easeOut: return 1 - Self.eased(1 - time) / Self.eased(1)
        case .easeInOut:
            let half = Self.eased(0.5)
            return time <= 0.5 ? Self.eased(time) / half / 2 : 1 - Self.eased(1 - time) / half / 2
        }
    }

    /// The way at a final speed of 1.
    private static func eased(_ time: Double) -> Double {
        guard time < ramp else { return time - ramp / 2 }
        return time / 2 - ramp / (2 * .pi) * sin(.pi * time / ramp)
    }
}

/// A motion over a still: what is seen moves from one rectangle to another.
package struct MotionPath: Sendable, Equatable {
    package var from: CropRectangle
    package var to: CropRectangle
    package var ease: Ease

    package init(from: CropRectangle, to: CropRectangle, ease: Ease = .easeInOut) {
        self.from = from
        self.to = to
        self.ease = ease
    }

    /// What is seen at a share of the time, 0 to 1.
    package func rectangle(at time: Double) -> CropRectangle {
        let share = ease.progress(at: time)
        func between(_ a: Double, _ b: Double) -> Double { a + (b - a) * share }
        return CropRectangle(
            x: between(from.x, to.x), y: between(from.y, to.y), width: between(from.width, to.width),
            height: between(from.height, to.height))
    }

    /// The smallest fraction of the picture that is ever seen.
    var closest: Double { min(from.width, to.width, from.height, to.height) }
}
