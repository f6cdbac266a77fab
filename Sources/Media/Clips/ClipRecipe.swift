import Timebase

/// What a clip is made of.
package struct ClipRecipe: Sendable {
    package enum Motion: Sendable, Equatable {
        case still
        case path(MotionPath)
        /// A motion of the segment's own, see `MotionChoice`.
        case chosen(segmentID: String, position: Int)
    }

    package enum Coding: String, Sendable, CaseIterable {
        /// Only what changes is coded; every other frame repeats the one before in a few bytes.
        case repeated
        /// Every frame is coded by the encoder, for a player that should ever object to the other way.
        case full
    }

    /// Path of a PNG, JPEG, WebP or GIF of at most 64 megapixels and 100 MiB.
    package var image: String
    /// At least 1.
    package var frames: Int
    package var format: VideoFormat
    /// Frames that must be key frames, beside one every two seconds.
    package var keyFramesAt: [Int]
    package var motion: Motion
    package var coding: Coding
    /// What is laid over the picture for a while, in order, never two at a time.
    package var overlays: [Overlay]

    package init(
        image: String, frames: Int, format: VideoFormat, keyFramesAt: [Int] = [], motion: Motion = .still,
        coding: Coding = .repeated, overlays: [Overlay] = []
    ) {
        self.image = image
        self.frames = frames
        self.format = format
        self.keyFramesAt = keyFramesAt
        self.motion = motion
        self.coding = coding
        self.overlays = overlays
    }

    /// The overlay that is seen at a frame.
    func overlay(at frame: Int) -> Int? { overlays.firstIndex { $0.frames.contains(frame) } }

    /// The frames that are key frames: the first, those wanted, those at which something changes, and one at the latest every
    /// two seconds.
    var keyFrames: [Int] {
        let changes = overlays.flatMap { [$0.frames.lowerBound, $0.frames.upperBound] }
        return KeyFrames.place(frames: frames, rate: format.rate, wanted: keyFramesAt + changes)
    }
}

/// What was written.
package struct ClipReport: Sendable, Equatable {
    package let frames: Int
    /// Seconds.
    package let duration: Double
    /// Bytes of the largest coded picture.
    package let largestPicture: Int
    package let stages: ClipStages
    /// Sentences on what of the picture could not be used.
    package var warnings: [String] = []
}

/// Where a clip's time went. Seconds.
package struct ClipStages: Sendable, Equatable {
    /// Reading the picture, scaling it and converting its colours.
    package var picture = 0.0
    /// Coding; with a motion, resampling too.
    package var coding = 0.0
    /// Writing the file.
    package var writing = 0.0
}

/// Where decoding can begin.
enum KeyFrames {
    /// Seconds between key frames.
    static let interval = 2.0

    /// The first frame, those wanted, and one at the latest every two seconds.
    static func place(frames: Int, rate: FrameRate, wanted: [Int]) -> [Int] {
        let interval = max(rate.frames(interval), 1)
        var keys = [0]
        for next in Set(wanted).filter({ $0 > 0 && $0 < frames }).sorted() + [frames] {
            var last = keys[keys.count - 1]
            // The last frame of a clip is no key frame of itself: the next clip begins with one of the same `idr_pic_id`, and
            // two IDR pictures that follow each other must differ in it (clause 7.4.3).
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
