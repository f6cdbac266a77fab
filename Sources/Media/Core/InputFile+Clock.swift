import CFFmpeg

/// The file's time line, in seconds.
extension InputFile {
    /// Seconds of one tick of a stream; 0 for a time base that is not one.
    func secondsPerTick(_ index: Int) -> Double { stream(index).pointee.time_base.secondsPerTick ?? 0 }

    /// Seconds at which a stream begins; `nil` where the container does not say.
    func start(of index: Int) -> Double? {
        MediaTime.seconds(stream(index).pointee.start_time, stream(index).pointee.time_base)
    }

    /// Seconds from the clip's beginning to its first picture: the sound that comes before it, where that is more than the
    /// priming of an encoder or the delay of reordered pictures. Sound before the beginning is not heard.
    ///
    /// - Parameter video: the video stream.
    func videoDelay(_ video: Int) -> Double {
        guard let picture = start(of: video), let audio = best(AVMEDIA_TYPE_AUDIO), let sound = start(of: audio) else {
            return 0
        }
        return picture - sound > Self.leastDelay ? picture - sound : 0
    }

    private static let leastDelay = 0.1

    /// Whether the container's index lists every sample: MP4 and QuickTime.
    var listsEverySample: Bool { String(cString: context.pointee.iformat.pointee.name).contains("mp4") }

    /// Whether the container is an AVI, which states no presentation times and repeats pictures by chunks without bytes.
    var isAVI: Bool { String(cString: context.pointee.iformat.pointee.name) == "avi" }

    /// Whether the container states when sound is heard; of frames alone, demuxers count the samples.
    var statesTimes: Bool {
        !["aac", "flac", "mp3", "wav"].contains(String(cString: context.pointee.iformat.pointee.name))
    }
}
