import CFFmpeg

/// What a clip's video track is like, as far as joining needs to know.
struct ClipTrack {
    /// Frames, as the container says.
    let frames: Int
    /// Seconds.
    let duration: Double
    let keys: [Int]
    /// The clip's parameter sets, where its coded pictures fit a film of the format; `nil` where it must be encoded anew.
    let configuration: DecoderConfiguration?

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
        duration = input.duration
        configuration = isConstant && keys.first == 0 ? Self.configuration(stream, format) : nil
    }

    private static func configuration(
        _ stream: UnsafeMutablePointer<AVStream>, _ format: VideoFormat
    ) -> DecoderConfiguration? {
        let parameters = stream.pointee.codecpar.pointee
        let aspect = stream.pointee.sample_aspect_ratio
        guard parameters.codec_id == AV_CODEC_ID_H264, Int(parameters.width) == format.width,
            Int(parameters.height) == format.height, parameters.format == AV_PIX_FMT_YUV420P.rawValue,
            parameters.video_delay == 0, parameters.color_range != AVCOL_RANGE_JPEG,
            aspect.num == aspect.den || aspect.num == 0, stream.pointee.nb_side_data == 0,
            let extradata = parameters.extradata
        else { return nil }
        let bytes = Array(UnsafeBufferPointer(start: extradata, count: Int(parameters.extradata_size)))
        return bytes.first == 1 ? try? DecoderConfiguration(extradata: bytes) : nil
    }
}
