import CFFmpeg

/// What a clip's video track is like, as far as joining needs to know.
struct ClipTrack {
    /// Frames, as the container says.
    let frames: Int
    let keys: [Int]
    /// The clip's parameter sets, where its coded pictures fit a film of the format; `nil` where it must be encoded anew.
    let configuration: DecoderConfiguration?
    /// Why it must be encoded anew.
    let difference: String?
    /// Whether its pictures, decoded, are those of a film of the format one by one: same size, rate and colours.
    let isLikeFilm: Bool
    /// How its light was graded, where it is HDR.
    let dynamicRange: DynamicRange

    /// - Throws: `corruptMedia` for a file without video.
    init(path: String, format: VideoFormat) throws(MediaError) {
        let input = try InputFile(path)
        guard let index = input.best(AVMEDIA_TYPE_VIDEO) else {
            throw MediaError(.corruptMedia, "\(fileName(path)) holds no video")
        }
        let stream = input.stream(index)
        let count = Int(avformat_index_get_entries_count(stream))
        var keys: [Int] = []
        var isConstant = count > 0
        let base = stream.pointee.time_base
        let perTick = Double(base.num) / Double(base.den) * format.rate.framesPerSecond
        let first = avformat_index_get_entry(stream, 0)?.pointee.timestamp ?? 0
        for entry in 0..<count {
            guard let found = avformat_index_get_entry(stream, Int32(entry)) else { continue }
            if found.pointee.flags & AVINDEX_KEYFRAME != 0 { keys.append(entry) }
            if abs((Double(found.pointee.timestamp) - Double(first)) * perTick - Double(entry)) > 0.02 {
                isConstant = false
            }
        }
        self.keys = keys
        frames = count
        dynamicRange = DynamicRange(transfer: stream.pointee.codecpar.pointee.color_trc)
        let unlike = Self.difference(stream, format)
        isLikeFilm = unlike == nil && isConstant && keys.first == 0
        var difference = unlike ?? Self.obstacle(stream)
        if difference == nil {
            if !isConstant {
                difference = "its pictures do not come at \(format.rate) a second"
            } else if keys.first != 0 {
                difference = "it does not begin with a key frame"
            }
        }
        let configuration = difference == nil ? Self.configuration(stream) : nil
        self.configuration = configuration
        self.difference = difference ?? (configuration == nil ? "its parameter sets cannot be read" : nil)
    }

    /// In what the pictures are unlike those of a film, if in anything.
    private static func difference(_ stream: UnsafeMutablePointer<AVStream>, _ format: VideoFormat) -> String? {
        let parameters = stream.pointee.codecpar.pointee
        let aspect = stream.pointee.sample_aspect_ratio
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
        if let matrix = ColorMatrix(parameters.color_space), matrix != .bt709 {
            return "its colours are \(matrix.rawValue)"
        }
        if DynamicRange(transfer: parameters.color_trc) != .standard { return "it is HDR" }
        if aspect.num != aspect.den, aspect.num != 0 {
            return "its pixels are not square (\(aspect.num):\(aspect.den))"
        }
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
