// SPDX-License-Identifier: Apache-2.0

package import Timebase

/// Size and frame rate of a film.
package struct VideoFormat: Sendable, Hashable {
    /// Width in pixels, even.
    package let width: Int
    /// Height in pixels, even.
    package let height: Int
    /// Frame rate.
    package let rate: FrameRate

    /// Creates a format.
    ///
    /// - Throws: `invalidArgument` for odd sizes and sizes outside 64...4096.
    package init(width: Int = 1920, height: Int = 1080, rate: FrameRate = FrameRate(30)) throws(MediaError) {
        guard (64...4096).contains(width), (64...4096).contains(height), width % 2 == 0, height % 2 == 0 else {
            throw MediaError(.invalidArgument, "\(width)x\(height): width and height must be even, from 64 to 4096")
        }
        self.width = width
        self.height = height
        self.rate = rate
    }
}
