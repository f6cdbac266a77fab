// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns an MP4 file that is being written: one video track, at most one audio and one text track, the index before the
/// data.
struct MovieFile: ~Copyable {
    private let context: UnsafeMutablePointer<AVFormatContext>
    private let path: String
    private let format: VideoFormat
    private var nextFrame: Int64
    /// Ticks per second of the video track.
    private var timescale: Int
    private var audioIndex: Int32
    private var textIndex: Int32
    private var isHeaderWritten: Bool
    /// Frames by which pictures may be shown before their position in the file.
    private var delay: Int64
    private static let videoIndex: Int32 = 0

    /// - Parameters:
    ///   - path: Created or truncated.
    ///   - format: Size and frame rate.
    ///   - configuration: The parameter sets of everything that the video track will contain.
    ///   - reorders: Whether pictures may be shown one frame before their position in the file.
    init(
        path: String, format: VideoFormat, configuration: DecoderConfiguration, reorders: Bool = false
    ) throws(MediaError) {
        var made = try MovieFile(opening: path, format: format)
        made.delay = reorders ? 1 : 0
        let stream = try made.addStream()
        let parameters = stream.pointee.codecpar!
        parameters.pointee.codec_type = AVMEDIA_TYPE_VIDEO
        parameters.pointee.codec_id = AV_CODEC_ID_H264
        parameters.pointee.format = AV_PIX_FMT_YUV420P.rawValue
        parameters.pointee.width = Int32(format.width)
        parameters.pointee.height = Int32(format.height)
        parameters.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
        parameters.pointee.color_primaries = AVCOL_PRI_BT709
        parameters.pointee.color_trc = AVCOL_TRC_BT709
        parameters.pointee.color_space = AVCOL_SPC_BT709
        parameters.pointee.color_range = AVCOL_RANGE_MPEG
        parameters.pointee.profile = FF_PROFILE_H264_HIGH
        try Self.setExtradata(parameters, configuration.extradata)
        stream.pointee.avg_frame_rate = format.rate.rational
        stream.pointee.r_frame_rate = format.rate.rational
        stream.pointee.time_base = format.rate.timeBase
        self = made
    }

    /// Creates a file whose video track is copied from another file, packet by packet.
    init(path: String, copying source: UnsafeMutablePointer<AVStream>, format: VideoFormat) throws(MediaError) {
        var made = try MovieFile(opening: path, format: format)
        let stream = try made.addStream()
        try check(avcodec_parameters_copy(stream.pointee.codecpar, source.pointee.codecpar), "out of memory")
        let isHEVC = source.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_HEVC
        // Apple's players accept HEVC under this name only: "hvc1".
        stream.pointee.codecpar.pointee.codec_tag = isHEVC ? 0x3163_7668 : 0
        stream.pointee.avg_frame_rate = source.pointee.avg_frame_rate
        stream.pointee.r_frame_rate = source.pointee.r_frame_rate
        stream.pointee.time_base = source.pointee.time_base
        let base = source.pointee.time_base
        if base.num == 1, base.den > 0 { made.timescale = Int(base.den) }
        stream.pointee.sample_aspect_ratio = source.pointee.sample_aspect_ratio
        self = made
    }

    private init(opening path: String, format: VideoFormat) throws(MediaError) {
        _ = libavIsConfigured
        var opened: UnsafeMutablePointer<AVFormatContext>?
        try check(avformat_alloc_output_context2(&opened, nil, "mp4", "file:\(path)"), "cannot create the MP4 muxer")
        guard let opened else { throw MediaError(.internal, "cannot create the MP4 muxer") }
        let made = MovieFile(adopting: opened, path: path, format: format)
        try check(avio_open(&opened.pointee.pb, "file:\(path)", AVIO_FLAG_WRITE), "cannot write \(fileName(path))")
        self = made
    }

    private init(adopting context: UnsafeMutablePointer<AVFormatContext>, path: String, format: VideoFormat) {
        self.context = context
        self.path = path
        self.format = format
        nextFrame = 0
        timescale = format.rate.timescale
        audioIndex = -1
        textIndex = -1
        delay = 0
        isHeaderWritten = false
    }

    deinit {
        if context.pointee.pb != nil { avio_closep(&context.pointee.pb) }
        avformat_free_context(context)
    }

    /// Adds a chapter. Call it before `writeHeader()`.
    ///
    /// - Parameters:
    ///   - start: First frame.
    ///   - end: Frame after the last.
    func addChapter(_ title: String, start: Int, end: Int) throws(MediaError) {
        guard let chapter = av_mallocz(MemoryLayout<AVChapter>.size)?.assumingMemoryBound(to: AVChapter.self) else {
            throw MediaError(.internal, "out of memory")
        }
        let count = Int(context.pointee.nb_chapters)
        chapter.pointee.id = Int64(count)
        chapter.pointee.time_base = format.rate.timeBase
        chapter.pointee.start = Int64(start * format.rate.frameTicks)
        chapter.pointee.end = Int64(end * format.rate.frameTicks)
        av_dict_set(&chapter.pointee.metadata, "title", title, 0)
        let size = (count + 1) * MemoryLayout<UnsafeMutablePointer<AVChapter>?>.size
        guard let chapters = av_realloc(context.pointee.chapters, size) else {
            av_dict_free(&chapter.pointee.metadata)
            av_free(chapter)
            throw MediaError(.internal, "out of memory")
        }
        context.pointee.chapters = chapters.assumingMemoryBound(to: UnsafeMutablePointer<AVChapter>?.self)
        context.pointee.chapters[count] = chapter
        context.pointee.nb_chapters = UInt32(count + 1)
    }

    /// Writes the header. All tracks and chapters must have been added.
    mutating func writeHeader() throws(MediaError) {
        var options: OpaquePointer?
        defer { av_dict_free(&options) }
        // With negative composition offsets, reordered pictures need no edit list.
        av_dict_set(&options, "movflags", delay > 0 ? "+faststart+negative_cts_offsets" : "+faststart", 0)
        av_dict_set(&options, "brand", "mp42", 0)
        av_dict_set(&options, "video_track_timescale", "\(timescale)", 0)
        context.pointee.flags |= AVFMT_FLAG_BITEXACT
        try check(avformat_write_header(context, &options), "cannot write \(fileName(path))")
        isHeaderWritten = true
    }

    /// Appends a picture to the video track, shown for one frame.
    ///
    /// - Parameter displayOffset: Frames by which it is shown after its position in the file, at least -1.
    mutating func write(_ picture: CodedPicture, displayOffset: Int = 0) throws(MediaError) {
        let packet = try Packet(picture.sample)
        packet.pointer.pointee.flags = picture.isKey ? AV_PKT_FLAG_KEY : 0
        try appendFrame(packet, displayOffset: displayOffset)
    }

    /// Appends a coded picture of another file to the video track, shown for one frame. Consumes the packet's bytes.
    mutating func append(_ packet: borrowing Packet) throws(MediaError) {
        try appendFrame(packet, displayOffset: 0)
    }

    private mutating func appendFrame(_ packet: borrowing Packet, displayOffset: Int) throws(MediaError) {
        let ticks = Int64(format.rate.frameTicks)
        packet.pointer.pointee.pts = (nextFrame + Int64(displayOffset)) * ticks
        packet.pointer.pointee.dts = (nextFrame - delay) * ticks
        packet.pointer.pointee.duration = ticks
        nextFrame += 1
        try write(packet, stream: Self.videoIndex, timeBase: format.rate.timeBase)
    }

    /// Adds an audio track that is copied from another file. Call it before `writeHeader()`.
    mutating func addAudio(copying source: UnsafeMutablePointer<AVStream>) throws(MediaError) {
        let stream = try addStream()
        try check(avcodec_parameters_copy(stream.pointee.codecpar, source.pointee.codecpar), "out of memory")
        stream.pointee.codecpar.pointee.codec_tag = 0
        stream.pointee.time_base = source.pointee.time_base
        audioIndex = stream.pointee.index
    }

    /// Appends a packet of another file to the audio track, with its own timestamps.
    func copyAudio(_ packet: borrowing Packet, timeBase: AVRational) throws(MediaError) {
        try write(packet, stream: audioIndex, timeBase: timeBase)
    }

    /// Appends a packet of another file to the video track, with its own timestamps.
    func copyVideo(_ packet: borrowing Packet, timeBase: AVRational) throws(MediaError) {
        try write(packet, stream: Self.videoIndex, timeBase: timeBase)
    }

    /// Appends a packet of encoded sound to the audio track.
    func writeAudio(_ sound: SoundPacket) throws(MediaError) {
        let packet = try Packet(sound.bytes)
        packet.pointer.pointee.flags = AV_PKT_FLAG_KEY
        packet.pointer.pointee.pts = sound.time
        packet.pointer.pointee.dts = sound.time
        packet.pointer.pointee.duration = sound.duration
        try packet.discardAtEnd(sound.discard)
        try write(packet, stream: audioIndex, timeBase: AVRational(num: 1, den: Int32(AudioEncoder.sampleRate)))
    }

    /// Writes all buffered data, moves the index to the start of the file and closes it.
    mutating func finish() throws(MediaError) {
        guard isHeaderWritten else { return }
        try check(av_write_trailer(context), "cannot write \(fileName(path))")
        try check(avio_closep(&context.pointee.pb), "cannot write \(fileName(path))")
    }

    private func write(_ packet: borrowing Packet, stream: Int32, timeBase: AVRational) throws(MediaError) {
        packet.pointer.pointee.stream_index = stream
        av_packet_rescale_ts(packet.pointer, timeBase, context.pointee.streams[Int(stream)]!.pointee.time_base)
        packet.pointer.pointee.pos = -1
        try check(av_interleaved_write_frame(context, packet.pointer), "cannot write \(fileName(path))")
        // A full disk is reported in the writer's state, not always by the call that fills its buffer.
        if let writer = context.pointee.pb { try check(writer.pointee.error, "cannot write \(fileName(path))") }
    }

    /// Adds an audio track for the encoder's packets. Call it before `writeHeader()`.
    mutating func addAudio(_ encoder: borrowing AudioEncoder) throws(MediaError) {
        let stream = try addStream()
        try encoder.describe(stream)
        audioIndex = stream.pointee.index
    }

    /// Adds a track of timed text. Call it before `writeHeader()`.
    mutating func addText() throws(MediaError) {
        let stream = try addStream()
        let parameters = stream.pointee.codecpar!
        parameters.pointee.codec_type = AVMEDIA_TYPE_SUBTITLE
        parameters.pointee.codec_id = AV_CODEC_ID_MOV_TEXT
        parameters.pointee.width = Int32(format.width)
        parameters.pointee.height = Int32(format.height / 5)
        try Self.setExtradata(parameters, TextTrack.description)
        stream.pointee.time_base = AVRational(num: 1, den: Int32(TextTrack.timescale))
        textIndex = stream.pointee.index
    }

    /// Writes the whole text track. Call it after the header and before other packets; the muxer interleaves them.
    func writeText(_ cues: [CaptionCue], until end: Double) throws(MediaError) {
        guard textIndex >= 0 else { return }
        for sample in TextTrack.samples(cues, until: end) {
            let packet = try Packet(sample.bytes)
            packet.pointer.pointee.flags = AV_PKT_FLAG_KEY
            packet.pointer.pointee.pts = Int64(sample.start)
            packet.pointer.pointee.dts = Int64(sample.start)
            packet.pointer.pointee.duration = Int64(sample.duration)
            try write(packet, stream: textIndex, timeBase: AVRational(num: 1, den: Int32(TextTrack.timescale)))
        }
    }

    private func addStream() throws(MediaError) -> UnsafeMutablePointer<AVStream> {
        guard let stream = avformat_new_stream(context, nil) else { throw MediaError(.internal, "out of memory") }
        return stream
    }

    private static func setExtradata(
        _ parameters: UnsafeMutablePointer<AVCodecParameters>, _ bytes: [UInt8]
    ) throws(MediaError) {
        guard let memory = av_mallocz(bytes.count + Int(us_input_padding)) else {
            throw MediaError(.internal, "out of memory")
        }
        memory.copyMemory(from: bytes, byteCount: bytes.count)
        parameters.pointee.extradata = memory.assumingMemoryBound(to: UInt8.self)
        parameters.pointee.extradata_size = Int32(bytes.count)
    }
}
