// SPDX-License-Identifier: Apache-2.0

/// A motion over a still: the view moves from one rectangle to another.
package struct MotionPath: Sendable, Equatable {
    /// The view at the start.
    package var from: CropRectangle
    /// The view at the end.
    package var to: CropRectangle
    /// How the motion speeds up and slows down.
    package var easing: Easing

    /// Creates a motion between two views.
    package init(from: CropRectangle, to: CropRectangle, easing: Easing = .easeInOut) {
        self.from = from
        self.to = to
        self.easing = easing
    }

    /// The view at a fraction of the time, 0 to 1.
    package func rectangle(at time: Double) -> CropRectangle {
        let fraction = easing.progress(at: time)
        func between(_ a: Double, _ b: Double) -> Double { a + (b - a) * fraction }
        return CropRectangle(
            x: between(from.x, to.x), y: between(from.y, to.y), width: between(from.width, to.width),
            height: between(from.height, to.height))
    }

    /// The smallest fraction of the picture that is ever visible.
    var closest: Double { min(from.width, to.width, from.height, to.height) }
}
