// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Timebase

/// Properties of a clip's video track that decide how it is joined.
struct ClipTrack {
    /// Number of frames, as the container states it.
    let frames: Int
    /// Key frames.
    let keys: [Int]
    /// The clip's parameter sets if its coded pictures can be copied to a film of the format; `nil` if it must be
    /// re-encoded.
    private(set) var configuration: DecoderConfiguration?
    /// Why it must be re-encoded.
    private(set) var mismatch: String?
    /// Whether its decoded pictures match those of a film of the format one by one: same size, rate and colours, none
    /// hidden by an edit list.
    let matchesFilm: Bool
    /// Whether it is HDR, which must be mapped to the standard range.
    let dynamicRange: DynamicRange
    /// Whether it has the parameter sets of clips made by this module, so that its samples were not inspected.
    let isTrusted: Bool

    /// - Parameters:
    ///   - path: Path of the clip.
    ///   - format: Format of the film.
    ///   - trusted: Parameter sets of clips made by this module, in addition to those of stills.
    ///   - trustsOwn: Whether the samples of clips made by this module need no inspection.
    /// - Throws: `corruptMedia` for a file without video.
    init(
        path: String, format: VideoFormat, trusting trusted: DecoderConfiguration? = nil, trustsOwn: Bool = true
    ) throws(MediaError) {
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(path)) contains no video")
        }
        let stream = input.stream(index)
        let listed = TrackIndex(
            stream, framesPerTick: input.secondsPerTick(index) * format.rate.framesPerSecond)
        frames = listed.shown
        dynamicRange = DynamicRange(transfer: stream.pointee.codecpar.pointee.color_trc)
        let timingMismatch = Self.mismatch(listed, input.videoDelay(index), format)
        let pictureMismatch = Self.mismatch(input, index, format)
        var mismatch = pictureMismatch ?? Self.obstacle(stream) ?? timingMismatch
        var configuration = mismatch == nil ? Self.configuration(stream) : nil
        var keys = listed.keys
        if mismatch == nil, configuration == nil { mismatch = "its parameter sets cannot be read" }
        isTrusted = trustsOwn && configuration.map { $0 == trusted || StillRanges.isOwnEncoding($0) } ?? false
        if let sets = configuration, !isTrusted {
            let samples = try SampleCheck(path, stream: index, sets)
            keys = samples.keys
            mismatch = samples.obstacle ?? (keys.first == 0 ? nil : "it does not begin with an IDR picture")
            if mismatch != nil { configuration = nil }
        }
        let isComplete = listed.shown == listed.entries && input.declaredFrames(index) == stream.pointee.nb_frames
        matchesFilm =
            pictureMismatch == nil && timingMismatch == nil && isComplete
            && (configuration != nil || Self.obstacle(stream) != nil)
        self.keys = keys
        self.configuration = configuration
        self.mismatch = mismatch
    }

    /// The same clip, marked to be re-encoded.
    func requiringReencoding(_ reason: String) -> ClipTrack {
        var track = self
        track.configuration = nil
        track.mismatch = mismatch ?? reason
        return track
    }

    /// How the clip's timing differs from that of a film; `nil` if it does not.
    private static func mismatch(_ index: TrackIndex, _ delay: Double, _ format: VideoFormat) -> String? {
        if !index.isConstant { return "its frame rate is not a constant \(format.rate)" }
        if index.keys.first != 0 { return "it does not begin with a key frame" }
        if !index.isContinuous { return "its edit list hides frames between others" }
        if delay > 0 { return "its video starts later than its audio" }
        return nil
    }

    /// How the pictures differ from those of a film; `nil` if they do not.
    private static func mismatch(
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
        // The value of the container, and that of the coded pictures, which some players use.
        for aspect in [av_guess_sample_aspect_ratio(input.context, stream, nil), parameters.sample_aspect_ratio]
        where aspect.num != aspect.den && aspect.num != 0 {
            return "its pixels are not square (\(aspect.num):\(aspect.den))"
        }
        if Deinterlacer.isInterlaced(parameters.field_order) { return "it is interlaced" }
        if !input.listsEverySample { return "its container does not index every picture" }
        if Orientation(stream) != .upright { return "it is rotated" }
        return nil
    }

    /// Why matching coded pictures cannot be copied to a film's track; `nil` if they can.
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
