// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns a codec context that decodes one stream.
struct Decoder: ~Copyable {
    let context: UnsafeMutablePointer<AVCodecContext>
    private let name: String
    private let budget: PictureBudget?
    /// Presentation times of packets hidden by an edit list; `nil` for decoders that drop the frames of such packets.
    private let hidden: HiddenTimes?

    /// - Parameter budget: Shared by the decoders of one file; a separate one if absent.
    /// - Throws: `unsupported` if libavcodec has no such decoder; `tooLarge` for pictures beyond the limit.
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
        try check(avcodec_parameters_to_context(made.context, parameters), "\(made.name): invalid stream parameters")
        made.context.pointee.pkt_timebase = stream.pointee.time_base
        let pixels = Int(parameters.pointee.width) * Int(parameters.pointee.height)
        made.context.pointee.thread_count = pixels > PictureBudget.pixelsForThreads ? 1 : Int32(threads)
        try made.open()
        self = made
    }

    /// Creates a decoder without a container. It must be opened before use.
    init(codec id: AVCodecID, file: String) throws(MediaError) {
        try self.init(codec: id, file: file, budget: nil, isTransparent: false)
    }

    private init(
        codec id: AVCodecID, file: String, budget: PictureBudget?, isTransparent: Bool
    ) throws(MediaError) {
        _ = libavIsConfigured
        name = fileName(file)
        let transparent = isTransparent ? Self.transparentDecoder(id) : nil
        guard let codec = transparent ?? avcodec_find_decoder(id), let context = avcodec_alloc_context3(codec) else {
            let codecName = String(cString: avcodec_get_name(id))
            throw MediaError(.unsupported, "\(name): no decoder is available for the codec \(codecName)")
        }
        self.context = context
        self.budget = budget
        budget?.bound(context)
        // libavcodec's AV1 decoders return the frames that an edit list hides.
        hidden = id == AV_CODEC_ID_AV1 ? HiddenTimes() : nil
        // libvpx allocates its own pictures, which the budget does not see.
        if transparent != nil { context.pointee.max_pixels = Int64(PictureBudget.pixelsForThreads) }
    }

    /// Whether a Matroska or WebM stream stores an alpha channel beside its pictures.
    private static func isTransparent(_ stream: UnsafeMutablePointer<AVStream>) -> Bool {
        guard let entry = av_dict_get(stream.pointee.metadata, "alpha_mode", nil, 0) else { return false }
        return String(cString: entry.pointee.value) == "1"
    }

    /// libavcodec's own decoders of VP8 and VP9 ignore the alpha channel and show what it hides.
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

    /// - Throws: `MediaError` if the stream cannot be decoded. A decoder opens no files, so file system errors, such as
    ///   `EPERM` for some broken headers, are reported as `corruptMedia`.
    func open() throws(MediaError) {
        do throws(MediaError) {
            try check(avcodec_open2(context, nil, nil), "\(name): cannot open the decoder")
        } catch {
            let isOfStream = [.notFound, .noSpace, .readOnly, .io].contains(error.kind)
            throw isOfStream ? MediaError(.corruptMedia, error.message) : error
        }
    }

    /// Sends a packet to the decoder.
    ///
    /// - Returns: `false` if the packet is broken.
    /// - Throws: `tooLarge` if the stream needs more memory than its budget.
    func send(_ packet: borrowing Packet) throws(MediaError) -> Bool {
        // An empty sample repeats the previous picture, but libavcodec would read it as the end of the stream.
        if packet.pointer.pointee.size == 0, packet.pointer.pointee.side_data_elems == 0 { return true }
        if packet.isHidden { hidden?.times.insert(packet.pointer.pointee.pts) }
        let code = avcodec_send_packet(context, packet.pointer)
        if let budget, budget.isExceeded { throw PictureBudget.exceededError(name) }
        if code == us_error_no_memory { throw MediaError(code: code, name) }
        return code >= 0
    }

    /// Signals the end of the stream, so that buffered frames are returned.
    func finish() { avcodec_send_packet(context, nil) }

    /// Prepares for packets after `finish()`.
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
