// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Glibc
import Timebase

/// Owns a libx264 encoder, used through libavcodec.
struct VideoEncoder: ~Copyable {
    enum Quality {
        /// Codes each picture with the same quantiser: equal pictures decode to equal pictures.
        case constantQuantiser(Int)
        /// Constant rate factor, limited to `maximumBitRate`.
        case constantRateFactor(Int)
    }

    /// Ids of the sets that an encoder's pictures refer to, so that stills and re-encoded pictures can share a track.
    enum ParameterSet: Int {
        case still = 0
        case reencoded = 1
    }

    /// Maximum bit rate of a film in bits per second: 5 Mb/s up to 1920x1080 at 30 frames per second, more for larger
    /// or faster formats.
    static func maximumBitRate(_ format: VideoFormat) -> Int {
        let pixels = Double(format.width * format.height) / (1920 * 1080)
        let rate = format.rate.framesPerSecond / 30
        return Int(5_000_000 * pow(max(pixels, 1), 0.75) * max(rate, 1).squareRoot())
    }

    private let context: UnsafeMutablePointer<AVCodecContext>
    private var submitted: Int64

    init(format: VideoFormat, quality: Quality, parameterSet: ParameterSet, threads: Int = 3) throws(MediaError) {
        _ = libavIsConfigured
        guard let codec = avcodec_find_encoder_by_name("libx264"), let context = avcodec_alloc_context3(codec) else {
            throw MediaError(.unsupported, "libavcodec has no libx264: install libavcodec-extra or a build with it")
        }
        let made = VideoEncoder(adopting: context)
        context.pointee.width = Int32(format.width)
        context.pointee.height = Int32(format.height)
        context.pointee.pix_fmt = AV_PIX_FMT_YUV420P
        context.pointee.time_base = AVRational(num: Int32(format.rate.denominator), den: Int32(format.rate.numerator))
        context.pointee.framerate = format.rate.rational
        context.pointee.sample_aspect_ratio = AVRational(num: 1, den: 1)
        context.pointee.color_primaries = AVCOL_PRI_BT709
        context.pointee.color_trc = AVCOL_TRC_BT709
        context.pointee.colorspace = AVCOL_SPC_BT709
        context.pointee.color_range = AVCOL_RANGE_MPEG
        context.pointee.chroma_sample_location = AVCHROMA_LOC_LEFT
        context.pointee.max_b_frames = 0
        context.pointee.thread_count = Int32(threads)
        context.pointee.flags |= AV_CODEC_FLAG_GLOBAL_HEADER | Int32(bitPattern: AV_CODEC_FLAG_CLOSED_GOP)
        // `stitchable` keeps the quantiser out of the picture parameter set, so that parts of a film can share it.
        var parameters = "stitchable=1:sps-id=\(parameterSet.rawValue):bframes=0:ref=1:weightp=0:scenecut=0:open-gop=0"
        switch quality {
        case .constantQuantiser(let quantiser):
            context.pointee.gop_size = 2
            av_opt_set(context.pointee.priv_data, "preset", "medium", 0)
            av_opt_set(context.pointee.priv_data, "qp", "\(quantiser)", 0)
        case .constantRateFactor(let factor):
            context.pointee.gop_size = Int32(format.rate.frames(2))
            av_opt_set(context.pointee.priv_data, "preset", "veryfast", 0)
            av_opt_set(context.pointee.priv_data, "crf", "\(factor)", 0)
            let maximum = Self.maximumBitRate(format)
            context.pointee.rc_max_rate = Int64(maximum)
            context.pointee.rc_buffer_size = Int32(maximum * 2)
            // Small residuals are kept: without them slow motion sticks and jumps. Small partitions of P pictures are
            // not searched: for a motion of the whole picture and for fades, they cost a fifth of the time and save
            // nothing.
            parameters += ":rc-lookahead=10:no-dct-decimate=1:deadzone-inter=6:partitions=i8x8,i4x4"
        }
        av_opt_set(context.pointee.priv_data, "profile", "high", 0)
        av_opt_set(context.pointee.priv_data, "forced-idr", "1", 0)
        av_opt_set(context.pointee.priv_data, "x264-params", parameters, 0)
        try check(avcodec_open2(context, codec, nil), "cannot open the H.264 encoder")
        self = made
    }

    private init(adopting context: UnsafeMutablePointer<AVCodecContext>) {
        self.context = context
        submitted = 0
    }

    deinit {
        var context: UnsafeMutablePointer<AVCodecContext>? = context
        avcodec_free_context(&context)
    }

    /// The parameter sets that the encoded pictures refer to.
    var configuration: DecoderConfiguration {
        get throws(MediaError) {
            let size = Int(context.pointee.extradata_size)
            return try DecoderConfiguration(
                extradata: Array(UnsafeBufferPointer(start: context.pointee.extradata, count: size)))
        }
    }

    /// Encodes the next picture.
    mutating func encode(_ frame: borrowing Frame, asKey: Bool = false) throws(MediaError) {
        frame.pointer.pointee.pts = submitted
        frame.pointer.pointee.pict_type = asKey ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE
        submitted += 1
        try check(avcodec_send_frame(context, frame.pointer), "cannot encode a picture")
    }

    /// Signals the end of the input.
    func finish() { avcodec_send_frame(context, nil) }

    /// The next coded picture, in presentation order, which is also decoding order; `nil` if more input is needed, or
    /// at the end.
    func receive(into packet: borrowing Packet) throws(MediaError) -> CodedPicture? {
        let code = avcodec_receive_packet(context, packet.pointer)
        if code == us_error_again || code == us_error_eof { return nil }
        try check(code, "cannot encode a picture")
        let units = NALUnit.split(annexB: packet.bytes).filter { unit in
            switch unit.kind {
            case .slice, .idr: true
            default: false
            }
        }
        return CodedPicture(sample: NALUnit.sample(units), isKey: packet.isKey)
    }
}
