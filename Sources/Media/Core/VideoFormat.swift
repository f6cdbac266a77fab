package import Timebase

/// The shape of a film's picture.
package struct VideoFormat: Sendable, Hashable {
    /// -> pixels, even.
    package let width: Int
    /// -> pixels, even.
    package let height: Int
    package let rate: FrameRate

    /// - Throws: `invalidArgument` for odd sizes or sizes outside 64...4096.
    package init(width: Int = 1920, height: Int = 1080, rate: FrameRate = FrameRate(30)) throws(MediaError) {
        guard (64...4096).contains(width), (64...4096).contains(height), width % 2 == 0, height % 2 == 0 else {
            throw MediaError(.invalidArgument, "\(width)x\(height): width and height must be even, from 64 to 4096")
        }
        self.width = width
        self.height = height
        self.rate = rate
    }
}
