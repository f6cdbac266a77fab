import CFFmpeg

/// Owns an opened media file. Opens local files only, and only the containers that a job needs: a play list or a script that
/// names other files is not opened.
struct InputFile: ~Copyable {
    private static let formats = "mov,matroska,mp3,wav,aac,flac,ogg"

    let context: UnsafeMutablePointer<AVFormatContext>
    let path: String

    /// - Parameter examines: whether to decode what it takes to know all of the streams; what only copies packets need not.
    /// - Throws: `notFound`, `unsupported`, or `corruptMedia` that names the file.
    init(_ path: String, examines: Bool = true) throws(MediaError) {
        _ = libavIsQuiet
        var options: OpaquePointer?
        av_dict_set(&options, "protocol_whitelist", "file", 0)
        av_dict_set(&options, "format_whitelist", Self.formats, 0)
        av_dict_set(&options, "enable_drefs", "0", 0)
        defer { av_dict_free(&options) }
        var opened: UnsafeMutablePointer<AVFormatContext>?
        let name = fileName(path)
        // The prefix keeps a name with a colon from being taken for a protocol.
        try check(
            avformat_open_input(&opened, "file:\(path)", nil, &options), "\(name) is no media file that can be read")
        guard let opened else { throw MediaError(.internal, "\(name): not opened") }
        let made = InputFile(adopting: opened, path: path)
        if examines { try check(avformat_find_stream_info(opened, nil), "\(name) holds no streams that can be read") }
        self = made
    }

    private init(adopting context: UnsafeMutablePointer<AVFormatContext>, path: String) {
        self.context = context
        self.path = path
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

    /// Reads the next packet of any stream. -> false at the end.
    func read(_ packet: borrowing Packet) throws(MediaError) -> Bool {
        packet.unreference()
        let code = av_read_frame(context, packet.pointer)
        if code == us_error_eof { return false }
        try check(code, "cannot read \(fileName(path))")
        return true
    }

    /// Seconds; 0 where the container does not tell.
    var duration: Double {
        max(MediaTime.seconds(context.pointee.duration, AVRational(num: 1, den: AV_TIME_BASE)) ?? 0, 0)
    }
}
