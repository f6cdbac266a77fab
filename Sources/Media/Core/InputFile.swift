import CFFmpeg

/// Owns an opened media file. Opens local files only, and only the containers that a job needs: a play list or a script that
/// names other files is not opened.
struct InputFile: ~Copyable {
    private static let formats = "mov,matroska,mpegts,avi,mp3,wav,aac,flac,ogg"

    /// Streams of one file, of any kind.
    private static let maximumStreams = 256
    /// Pixels of an H.264 stream that may be decoded for the examination, which holds up to twenty pictures for it.
    private static let examinedPixels = 17_000_000

    let context: UnsafeMutablePointer<AVFormatContext>
    let path: String
    private let watch: InputWatch

    /// - Parameters:
    ///   - examines: whether to decode what it takes to know all of the streams; what only copies packets need not.
    ///   - appliesEdits: whether edit lists are applied; without them, all frames of a track are listed.
    ///   - cancelled: asked while the file is opened and read.
    /// - Throws: `notFound`, `unsupported`, or `corruptMedia` that names the file; `timeout` where opening it takes more than
    ///   `InputWatch.patience`; `cancelled`.
    init(
        _ path: String, examines: Bool = true, appliesEdits: Bool = true,
        cancelled: @escaping @Sendable () -> Bool = { false }
    ) throws(MediaError) {
        _ = libavIsQuiet
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", "file", 0)
        av_dict_set(&options, "format_whitelist", Self.formats, 0)
        av_dict_set(&options, "enable_drefs", "0", 0)
        if !appliesEdits { av_dict_set(&options, "ignore_editlist", "1", 0) }
        defer { av_dict_free(&options) }
        av_dict_set(&options, "max_streams", "\(Self.maximumStreams)", 0)
        let watch = InputWatch(fileName(path), cancelled)
        var opened = avformat_alloc_context()
        opened?.pointee.interrupt_callback = watch.callback
        let name = fileName(path)
        // The prefix keeps a name with a colon from being taken for a protocol.
        try watch.check(
            avformat_open_input(&opened, "file:\(path)", nil, &options), "\(name) is no media file that can be read")
        guard let opened else { throw MediaError(.internal, "\(name): not opened") }
        let made = InputFile(adopting: opened, path: path, watch: watch)
        if examines { try watch.check(Self.examine(opened), "\(name) holds no streams that can be read") }
        watch.isOpened()
        self = made
    }

    private init(adopting context: UnsafeMutablePointer<AVFormatContext>, path: String, watch: InputWatch) {
        self.context = context
        self.path = path
        self.watch = watch
    }

    /// `avformat_find_stream_info`, whose decoders get bounds too.
    private static func examine(_ context: UnsafeMutablePointer<AVFormatContext>) -> Int32 {
        let count = Int(context.pointee.nb_streams)
        var options: [OpaquePointer?] = (0..<count).map { index in
            let isH264 = context.pointee.streams[index]?.pointee.codecpar.pointee.codec_id == AV_CODEC_ID_H264
            var option: OpaquePointer?
            av_dict_set_int(
                &option, "max_pixels", Int64(isH264 ? examinedPixels : PictureBudget.maximumPixels), 0)
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

    /// The stream of a kind that a player would choose; cover art is no video.
    func best(_ type: AVMediaType) -> Int? {
        let index = av_find_best_stream(context, type, -1, -1, nil, 0)
        guard index >= 0, stream(Int(index)).pointee.disposition & AV_DISPOSITION_ATTACHED_PIC == 0 else { return nil }
        return Int(index)
    }

    /// Lets packets of one stream through, so that those of the others are not read where the container allows it.
    func discardAll(but index: Int) {
        for other in 0..<streamCount where other != index { stream(other).pointee.discard = AVDISCARD_ALL }
    }

    /// Reads the next packet of any stream. -> false at the end.
    func read(_ packet: borrowing Packet) throws(MediaError) -> Bool {
        packet.unreference()
        let code = av_read_frame(context, packet.pointer)
        if code == us_error_eof { return false }
        try watch.check(code, "cannot read \(fileName(path))")
        return true
    }

    /// Reads the next packet of one stream whose frame is shown: packets that an edit list hides are skipped.
    ///
    /// - Returns: `false` at the end.
    func readShown(_ packet: borrowing Packet, of index: Int) throws(MediaError) -> Bool {
        while try read(packet) {
            if packet.pointer.pointee.stream_index == Int32(index), !packet.isHidden { return true }
        }
        return false
    }

    /// Seconds of the first time stamp; 0 where the container does not tell.
    var start: Double {
        MediaTime.seconds(context.pointee.start_time, AVRational(num: 1, den: AV_TIME_BASE)) ?? 0
    }

    /// Seconds; 0 where the container does not tell.
    var duration: Double {
        max(MediaTime.seconds(context.pointee.duration, AVRational(num: 1, den: AV_TIME_BASE)) ?? 0, 0)
    }
}
