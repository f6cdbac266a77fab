import CFFmpeg

/// Owns a codec context that decodes one stream.
struct Decoder: ~Copyable {
    let context: UnsafeMutablePointer<AVCodecContext>
    private let name: String
    private let budget: PictureBudget?
    /// Presentation times of packets that an edit list hides; `nil` for decoders that drop the frames of such packets themselves.
    private let hidden: HiddenTimes?

    /// - Parameter budget: shared by the decoders of one file; one of its own if absent.
    /// - Throws: `unsupported` where libavcodec has no such decoder; `tooLarge` for pictures beyond the bound.
    init(
        stream: UnsafeMutablePointer<AVStream>, file: String, threads: Int = 1, budget: PictureBudget? = nil
    ) throws(MediaError) {
        let parameters = stream.pointee.codecpar!
        let isVideo = parameters.pointee.codec_type == AVMEDIA_TYPE_VIDEO
        var shared: PictureBudget?
        if isVideo {
            try PictureBudget.check(parameters.pointee, fileName(file))
            shared = budget
            if shared == nil { shared = try PictureBudget() }
        }
        let made = try Decoder(
            codec: parameters.pointee.codec_id, file: file, budget: shared, isTransparent: Self.isTransparent(stream))
        try check(avcodec_parameters_to_context(made.context, parameters), "\(made.name): odd stream parameters")
        made.context.pointee.pkt_timebase = stream.pointee.time_base
        let pixels = Int(parameters.pointee.width) * Int(parameters.pointee.height)
        made.context.pointee.thread_count = pixels > PictureBudget.pixelsForThreads ? 1 : Int32(threads)
        try made.open()
        self = made
    }

    /// A decoder without a container, not yet open.
    init(codec id: AVCodecID, file: String) throws(MediaError) {
        try self.init(codec: id, file: file, budget: nil, isTransparent: false)
    }

    private init(
        codec id: AVCodecID, file: String, budget: PictureBudget?, isTransparent: Bool
    ) throws(MediaError) {
        _ = libavIsQuiet
        name = fileName(file)
        let transparent = isTransparent ? Self.transparentDecoder(id) : nil
        guard let codec = transparent ?? avcodec_find_decoder(id), let context = avcodec_alloc_context3(codec) else {
            let codecName = String(cString: avcodec_get_name(id))
            throw MediaError(.unsupported, "\(name): the codec \(codecName) cannot be decoded here")
        }
        self.context = context
        self.budget = budget
        budget?.bound(context)
        // libavcodec's AV1 decoders give out what an edit list hides.
        hidden = id == AV_CODEC_ID_AV1 ? HiddenTimes() : nil
        // libvpx holds pictures of its own, which the budget does not see.
        if transparent != nil { context.pointee.max_pixels = Int64(PictureBudget.pixelsForThreads) }
    }

    /// Whether a Matroska or WebM stream carries its transparency beside its pictures.
    private static func isTransparent(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        guard let entry = av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0) else { return false }
        return String(cString: entry.pointee.value) == "1"
    }

    /// libavcodec's own decoders of VP8 and VP9 pass over transparency, and show what it hides.
    private static func transparentDecoder(_ id: AVCodecID) -> UnsafePointer<AVCodec>? {
        switch id {
        case AV_CODEC_ID_VP8: avcodec_find_decoder_by_name("libvpx")
        case AV_CODEC_ID_VP9: avcodec_find_decoder_by_name("libvpx-vp9")
        default: nil
        }
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// - Throws: what the stream makes impossible. A decoder opens no file: what it reports in the words of a file system, `EPERM`
    ///   for some broken headers, is a fault of the stream too.
    func open() throws(MediaError) {
        do throws(MediaError) {
            try check(avcodec_open2(context, nil, nil), "\(name): the decoder does not start")
        } catch {
            let isOfStream = [.notFound, .noSpace, .readOnly, .io].contains(error.kind)
            throw isOfStream ? MediaError(.corruptMedia, error.message) : error
        }
    }

    /// - Returns: `false` if the packet is broken.
    /// - Throws: `tooLarge` if the stream asks for more memory than it may have.
    func send(_ packet: borrowing Packet) throws(MediaError) -> Bool {
        // An empty sample repeats the picture before it; to libavcodec it would be the stream's end.
        if packet.pointer.pointee.size == 0, packet.pointer.pointee.side_data_elems == 0 { return true }
        if packet.isHidden { hidden?.times.insert(packet.pointer.pointee.pts) }
        let code = avcodec_send_packet(context, packet.pointer)
        if let budget, budget.isExceeded { throw PictureBudget.exceeded(name) }
        if code == us_error_no_memory { throw MediaError(code: code, name) }
        return code >= 0
    }

    /// Says that nothing more comes, so that what is kept inside is given out.
    func finish() { avcodec_send_packet(context, nil) }

    /// Makes ready for what follows an end.
    func restart() { avcodec_flush_buffers(context) }

    enum Outcome {
        case frame
        case needsInput
        case end
        case broken
    }

    func receive(_ frame: borrowing Frame) -> Outcome {
        while true {
            switch avcodec_receive_frame(context, frame.pointer) {
            case 0...:
                guard hidden?.times.remove(frame.pointer.pointee.pts) != nil else { return .frame }
                frame.unreference()
            case us_error_again: return .needsInput
            case us_error_eof: return .end
            default: return .broken
            }
        }
    }

    private final class HiddenTimes {
        var times: Set<Int64> = []
    }
}
