// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How a motion speeds up and slows down.
package enum Easing: String, Sendable, CaseIterable {
    /// Constant speed.
    case linear
    /// Speeds up at the start.
    case easeIn = "ease_in"
    /// Slows down at the end.
    case easeOut = "ease_out"
    /// Speeds up at the start and slows down at the end.
    case easeInOut = "ease_in_out"

    /// Fraction of the time over which the speed increases or decreases along a raised cosine. In between, it is constant.
    private static let ramp = 0.25

    /// Completed fraction of the way, 0 to 1, at a fraction of the time.
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

    /// Distance covered at a final speed of 1.
    private static func eased(_ time: Double) -> Double {
        guard time < ramp else { return time - ramp / 2 }
        return time / 2 - ramp / (2 * .pi) * sin(.pi * time / ramp)
    }
}
