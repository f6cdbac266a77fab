// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Timestamps of the file in seconds.
extension InputFile {
    /// Seconds per tick of a stream; 0 for an invalid time base.
    func secondsPerTick(_ index: Int) -> Double { stream(index).pointee.time_base.secondsPerTick ?? 0 }

    /// Start time of a stream in seconds; `nil` if the container does not state it.
    func start(of index: Int) -> Double? {
        MediaTime.seconds(stream(index).pointee.start_time, stream(index).pointee.time_base)
    }

    /// Seconds from the start of the clip to its first picture: the duration of sound that precedes it, if that exceeds
    /// encoder priming and the delay of reordered pictures. Sound before the start of the clip is not played.
    ///
    /// - Parameter video: The video stream.
    func videoDelay(_ video: Int) -> Double {
        guard let picture = start(of: video), let audio = best(AVMEDIA_TYPE_AUDIO), let sound = start(of: audio) else {
            return 0
        }
        return picture - sound > Self.leastDelay ? picture - sound : 0
    }

    private static let leastDelay = 0.1

    /// Whether the container's index lists every sample: MP4 and QuickTime.
    var listsEverySample: Bool { String(cString: context.pointee.iformat.pointee.name).contains("mp4") }

    /// Whether the container is AVI, which states no presentation times and repeats pictures by empty chunks.
    var isAVI: Bool { String(cString: context.pointee.iformat.pointee.name) == "avi" }

    /// Whether the container states timestamps of sound. For bare frames, demuxers count the samples.
    var statesTimestamps: Bool {
        !["aac", "flac", "mp3", "wav"].contains(String(cString: context.pointee.iformat.pointee.name))
    }
}
