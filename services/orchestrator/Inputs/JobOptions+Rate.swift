// SPDX-License-Identifier: Apache-2.0

import Contracts
import Timebase

extension JobOptions {
    /// The film's frame rate; the default rate if the option is absent.
    var rate: FrameRate {
        FrameRate(framesPerSecond: fps ?? JobDefaults.fps) ?? FrameRate(framesPerSecond: JobDefaults.fps)
            ?? FrameRate(30)
    }
}
