import CFFmpeg
import Timebase

/// What a clip's video track is like, as far as joining needs to know.
struct ClipTrack {
    /// Frames, as the container says.
    let frames: Int
    let keys: [Int]
    /// The clip's parameter sets, where its coded pictures fit a film of the format; `nil` where it must be encoded anew.
    private(set) var configuration: DecoderConfiguration?
    /// Why it must be encoded anew.
    private(set) var difference: String?
    /// Whether its pictures, decoded, are those of a film of the format one by one: same size, rate and colours, none hidden by
    /// an edit list.
    let isLikeFilm: Bool
    /// How its light was graded, where it is HDR.
    let dynamicRange: DynamicRange
    /// Whether its parameter sets are those of clips that are made here, so that its samples were not looked into.
    let isTrusted: Bool

    /// - Parameters:
    ///   - trusted: parameter sets of clips that are made here, beside those of stills.
    ///   - trustsOwn: whether the samples of clips that are made here need no look.
    /// - Throws: `corruptMedia` for a file without video.
    init(
        path: String, format: VideoFormat, trusting trusted: DecoderConfiguration? = nil, trustsOwn: Bool = true
    ) throws(MediaError) {
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(path)) holds no video")
        }
        let stream = input.stream(index)
        let listed = TrackIndex(
            stream, framesPerTick: input.secondsPerTick(index) * format.rate.framesPerSecond)
        frames = listed.shown
        dynamicRange = DynamicRange(transfer: stream.pointee.codecpar.pointee.color_trc)
        let timing = Self.difference(listed, input.videoDelay(index), format)
        let unlike = Self.difference(input, index, format)
        var difference = unlike ?? Self.obstacle(stream) ?? timing
        var configuration = difference == nil ? Self.configuration(stream) : nil
        var keys = listed.keys
        if difference == nil, configuration == nil { difference = "its parameter sets cannot be read" }
        isTrusted = trustsOwn && configuration.map { $0 == trusted || StillStretches.areOurs($0) } ?? false
        if let sets = configuration, !isTrusted {
            let samples = try SampleCheck(path, stream: index, sets)
            keys = samples.keys
            difference = samples.obstacle ?? (keys.first == 0 ? nil : "it does not begin with an IDR picture")
            if difference != nil { configuration = nil }
        }
        let isWhole = listed.shown == listed.entries && input.promisedFrames(index) == stream.pointee.nb_frames
        isLikeFilm =
            unlike == nil && timing == nil && isWhole && (configuration != nil || Self.obstacle(stream) != nil)
        self.keys = keys
        self.configuration = configuration
        self.difference = difference
    }

    /// The same clip, to be encoded whatever it is like.
    func notCopied(_ reason: String) -> ClipTrack {
        var track = self
        track.configuration = nil
        track.difference = difference ?? reason
        return track
    }

    /// In what the clip's time line is unlike a film's, if in anything.
    private static func difference(_ listed: TrackIndex, _ delay: Double, _ format: VideoFormat) -> String? {
        if !listed.isConstant { return "its pictures do not come at \(format.rate) a second" }
        if listed.keys.first != 0 { return "it does not begin with a key frame" }
        if !listed.isContinuous { return "its edit list hides frames between others" }
        if delay > 0 { return "its pictures begin later than its sound" }
        return nil
    }

    /// In what the pictures are unlike those of a film, if in anything.
    private static func difference(
        _ input: borrowing InputFile, _ index: Int, _ format: VideoFormat
    ) -> String? {
        let stream = input.stream(index)
        let parameters = stream.pointee.codecpar.pointee
        let codec = String(cString: avcodec_get_name(parameters.codec_id))
        if parameters.codec_id != AV_CODEC_ID_H264 { return "it is coded as \(codec)" }
        if Int(parameters.width) != format.width || Int(parameters.height) != format.height {
            return "it has \(parameters.width)x\(parameters.height) pixels"
        }
        if parameters.format != AV_PIX_FMT_YUV420P.rawValue {
            return
                "its pixels are \(av_get_pix_fmt_name(AVPixelFormat(rawValue: parameters.format)).map { String(cString: $0) } ?? "unknown")"
        }
        if parameters.color_range == AVCOL_RANGE_JPEG { return "its colours use the full range" }
        let matrix = ColorMatrix(parameters.color_space, height: Int(parameters.height))
        if matrix != .bt709 {
            let isTagged = ColorMatrix(parameters.color_space) != nil
            return "its colours are \(isTagged ? "" : "not tagged, which means ")\(matrix.rawValue)"
        }
        if DynamicRange(transfer: parameters.color_trc) != .standard { return "it is HDR" }
        if let colors = VideoColors(parameters) { return "its colours are \(colors.name)" }
        // The container's word, and that of the coded pictures, which some players believe.
        for aspect in [av_guess_sample_aspect_ratio(input.context, stream, nil), parameters.sample_aspect_ratio]
        where aspect.num != aspect.den && aspect.num != 0 {
            return "its pixels are not square (\(aspect.num):\(aspect.den))"
        }
        if Deinterlacer.isInterlaced(parameters.field_order) { return "it is interlaced" }
        if !input.listsEverySample { return "its container has no index of all pictures" }
        if Orientation(stream) != .upright { return "it is rotated" }
        return nil
    }

    /// Why coded pictures that are like a film's cannot stand in its track, if for any reason.
    private static func obstacle(_ stream: UnsafeMutablePointer<AVStream>) -> String? {
        if stream.pointee.codecpar.pointee.video_delay != 0 { return "it has B pictures" }
        if stream.pointee.nb_side_data != 0 { return "it carries side data" }
        return nil
    }

    private static func configuration(_ stream: UnsafeMutablePointer<AVStream>) -> DecoderConfiguration? {
        let parameters = stream.pointee.codecpar.pointee
        guard let extradata = parameters.extradata else { return nil }
        let bytes = Array(UnsafeBufferPointer(start: extradata, count: Int(parameters.extradata_size)))
        return bytes.first == 1 ? try? DecoderConfiguration(extradata: bytes) : nil
    }
}
