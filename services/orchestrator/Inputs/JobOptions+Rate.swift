import Contracts
import Timebase

extension JobOptions {
    /// The film's frame rate: as asked for, else the default.
    var rate: FrameRate {
        FrameRate(framesPerSecond: fps ?? JobDefaults.fps) ?? FrameRate(framesPerSecond: JobDefaults.fps)
            ?? FrameRate(30)
    }
}
