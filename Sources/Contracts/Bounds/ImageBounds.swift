// SPDX-License-Identifier: Apache-2.0

import Faults
package import Parameters

/// Bounds of generated images.
package enum ImageBounds {
    /// The width or the height in pixels.
    package static let side = NumberBound(16...8192, .pixels)
    /// The largest number of pixels of an image.
    package static let pixels = 64_000_000
    /// The prompt. A longer one is `too_large`.
    package static let prompt = TextRule(1...32_000, .characters, tooLongKind: .tooLarge)
    /// The number of an attempt, as a failure's `next_attempt` reports it.
    package static let attempt = NumberBound(0...1_000_000)
}
