import CFFmpeg
import Untrusted

/// Frames per second as a fraction, so that 29.97 is exact.
package struct FrameRate: Sendable, Hashable, CustomStringConvertible {
    package let numerator: Int
    package let denominator: Int

    package init(_ numerator: Int, _ denominator: Int = 1) {
        self.numerator = numerator
        self.denominator = denominator
    }

    /// The exact rate that a decimal number stands for: 24, 25, 30, 50, 60, 23.976, 29.97 or 59.94.
    package init?(framesPerSecond: Double) {
        for whole in [24, 25, 30, 48, 50, 60] where framesPerSecond == Double(whole) {
            self.init(whole)
            return
        }
        for whole in [24, 30, 60] where abs(framesPerSecond - Double(whole) * 1000 / 1001) < 0.006 {
            self.init(whole * 1000, 1001)
            return
        }
        return nil
    }

    package var framesPerSecond: Double { Double(numerator) / Double(denominator) }

    /// The seconds that so many frames take.
    package func seconds(_ frames: Int) -> Double { Double(frames) * Double(denominator) / Double(numerator) }

    /// The nearest number of frames.
    package func frames(_ seconds: Double) -> Int {
        Int(clamping: (seconds * Double(numerator) / Double(denominator)).rounded())
    }

    /// Seconds of the nearest number of whole frames; 0 for less than none.
    func seconds(wholeFrames seconds: Double) -> Double {
        (max(seconds, 0) * framesPerSecond).rounded() / framesPerSecond
    }

    /// The nearest sample of a frame's start, at so many samples a second.
    package func sample(ofFrame frame: Int, sampleRate: Int) -> Int {
        (frame * denominator * sampleRate * 2 + numerator) / (numerator * 2)
    }

    package var description: String { "\(numerator)/\(denominator)" }

    /// Ticks of a frame in the track's time scale.
    static let ticksPerFrame = 512

    /// Track time scale: `numerator * 512` ticks a second, a frame is `denominator * 512` of them.
    var timescale: Int { numerator * Self.ticksPerFrame }
    var frameTicks: Int { denominator * Self.ticksPerFrame }
    var rational: AVRational { AVRational(num: Int32(numerator), den: Int32(denominator)) }
    var timeBase: AVRational { AVRational(num: 1, den: Int32(clamping: timescale)) }
}

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
