// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns an open media file. Opens local files only, in the supported containers only: playlists and scripts that refer
/// to other files are rejected.
struct InputFile: ~Copyable {
    private static let formats = "mov,matroska,mpegts,avi,mp3,wav,aac,flac,ogg"

    /// Maximum streams of a file, of any type.
    private static let maximumStreams = 256
    /// Maximum pixels of an H.264 stream that `avformat_find_stream_info` may decode: it holds up to twenty pictures.
    private static let maximumAnalysedPixels = 17_000_000

    let context: UnsafeMutablePointer<AVFormatContext>
    let path: String
    private let interrupt: InputInterrupt

    /// - Parameters:
    ///   - path: Path of the file.
    ///   - examines: Whether to decode what is needed to know all streams. Copying packets does not need it.
    ///   - appliesEdits: Whether edit lists apply. Without them, all frames of a track are listed.
    ///   - cancelled: Polled while the file is opened and read.
    /// - Throws: `notFound`, `unsupported` or `corruptMedia`, naming the file; `timeout` if opening takes longer than
    ///   `InputInterrupt.openTimeout`; `cancelled`.
    init(
        _ path: String, examines: Bool = true, appliesEdits: Bool = true,
        cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) {
        _ = libavIsConfigured
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", "file", 0)
        av_dict_set(&options, "format_whitelist", Self.formats, 0)
        av_dict_set(&options, "enable_drefs", "0", 0)
        if !appliesEdits { av_dict_set(&options, "ignore_editlist", "1", 0) }
        defer { av_dict_free(&options) }
        av_dict_set(&options, "max_streams", "\(Self.maximumStreams)", 0)
        let interrupt = InputInterrupt(fileName(path), cancelled)
        var opened = avformat_alloc_context()
        opened?.pointee.interrupt_callback = interrupt.callback
        let name = fileName(path)
        // The prefix keeps a name with a colon from being parsed as a protocol.
        try interrupt.check(
            avformat_open_input(&opened, "file:\(path)", nil, &options), "\(name) is not a readable media file")
        guard let opened else { throw MediaError(.internal, "cannot open \(name)") }
        let made = InputFile(adopting: opened, path: path, interrupt: interrupt)
        if examines { try interrupt.check(Self.examine(opened), "\(name) contains no readable streams") }
        interrupt.didOpen()
        self = made
    }

    private init(adopting context: UnsafeMutablePointer<AVFormatContext>, path: String, interrupt: InputInterrupt) {
        self.context = context
        self.path = path
        self.interrupt = interrupt
    }

    /// `avformat_find_stream_info`, with limits for its decoders.
    private static func examine(_ context: UnsafeMutablePointer<AVFormatContext>) -> Int32 {
        let count = Int(context.pointee.nb_streams)
        var options: [OpaquePointer?] = (0..<count).map { index in
            let isH264 = context.pointee.streams[index]?.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_H264
            var option: OpaquePointer?
            av_dict_set_int(
                &option, "max_pixels", Int64(isH264 ? maximumAnalysedPixels : PictureBudget.maximumPixels), 0)
            return option
        }
        defer { for index in options.indices { av_dict_free(&options[index]) } }
        return avformat_find_stream_info(context, &options)
    }

    deinit {
        var closing: UnsafeMutablePointer<AVFormatContext>? = context
        avformat_close_input(&closing)
    }

    var streamCount: Int { Int(context.pointee.nb_streams) }

    func stream(_ index: Int) -> UnsafeMutablePointer<AVStream> { context.pointee.streams[index]! }

    /// The stream of a type that a player would choose. Cover art does not count as video.
    func best(_ type: AVMediaType) -> Int? {
        let index = av_find_best_stream(context, type, -1, -1, nil, 0)
        guard index >= 0, stream(Int(index)).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else { return nil }
        return Int(index)
    }

    /// Discards the packets of all other streams, so that they are not read where the container allows it.
    func discardAll(but index: Int) {
        for other in 0..<streamCount where other != index { stream(other).pointee.discard = AVDISCARD_ALL }
    }

    /// Reads the next packet of any stream.
    ///
    /// - Returns: `false` at the end.
    func read(_ packet: borrowing Packet) throws(MediaError) -> Bool {
        packet.unreference()
        let code = av_read_frame(context, packet.pointer)
        if code == us_error_eof { return false }
        try interrupt.check(code, "cannot read \(fileName(path))")
        return true
    }

    /// Reads the next packet of one stream, skipping packets that an edit list hides.
    ///
    /// - Returns: `false` at the end.
    func readShown(_ packet: borrowing Packet, of index: Int) throws(MediaError) -> Bool {
        while try read(packet) {
            if packet.pointer.pointee.stream_index == Int32(index), !packet.isHidden { return true }
        }
        return false
    }

    /// The first timestamp in seconds; 0 if the container does not state it.
    var start: Double {
        MediaTime.seconds(context.pointee.start_time, AVRational(num: 1, den: AV_TIME_BASE)) ?? 0
    }

    /// Duration in seconds; 0 if the container does not state it.
    var duration: Double {
        max(MediaTime.seconds(context.pointee.duration, AVRational(num: 1, den: AV_TIME_BASE)) ?? 0, 0)
    }
}
