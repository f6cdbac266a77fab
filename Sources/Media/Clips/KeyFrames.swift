// SPDX-License-Identifier: Apache-2.0

import Timebase

/// Places the frames at which decoding can start.
enum KeyFrames {
    /// Maximum seconds between key frames.
    static let interval = 2.0

    /// The first frame, requested ones, and at least one every two seconds.
    static func place(frames: Int, rate: FrameRate, requested: [Int]) -> [Int] {
        let interval = max(rate.frames(interval), 1)
        var keys = [0]
        for next in Set(requested).filter({ $0 > 0 && $0 < frames }).sorted() + [frames] {
            var last = keys[keys.count - 1]
            // The interval never makes the last frame of a clip a key frame: the next clip starts with one of the same
            // `idr_pic_id`, and consecutive IDR pictures must differ in it (clause 7.4.3).
            let end = next == frames ? next - 1 : next
            while last + interval < end {
                last += interval
                keys.append(last)
            }
            if next < frames { keys.append(next) }
        }
        return keys
    }
}
