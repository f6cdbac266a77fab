import CFFmpeg

/// Owns one AVFrame.
struct Frame: ~Copyable {
    let pointer: UnsafeMutablePointer<AVFrame>

    init() throws(MediaError) {
        guard let pointer = av_frame_alloc() else { throw MediaError(.internal, "out of memory") }
        self.pointer = pointer
    }

    /// A writable picture, yuv420p, tagged as BT.709 of limited range.
    init(width: Int, height: Int, format: AVPixelFormat = AV_PIX_FMT_YUV420P) throws(MediaError) {
        let made = try Frame()
        made.pointer.pointee.width = Int32(width)
        made.pointer.pointee.height = Int32(height)
        made.pointer.pointee.format = format.rawValue
        if format == AV_PIX_FMT_YUV420P {
            made.pointer.pointee.color_primaries = AVCOL_PRI_BT709
            made.pointer.pointee.color_trc = AVCOL_TRC_BT709
            made.pointer.pointee.colorspace = AVCOL_SPC_BT709
            made.pointer.pointee.color_range = AVCOL_RANGE_MPEG
            made.pointer.pointee.chroma_location = AVCHROMA_LOC_LEFT
        }
        try check(av_frame_get_buffer(made.pointer, 0), "cannot allocate a picture of \(width)x\(height)")
        self = made
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVFrame>? = pointer
        av_frame_free(&pointer)
    }

    var width: Int { Int(pointer.pointee.width) }
    var height: Int { Int(pointer.pointee.height) }
    var pixelFormat: AVPixelFormat { AVPixelFormat(rawValue: pointer.pointee.format) }

    /// Another owner of the same picture.
    func reference() throws(MediaError) -> Frame {
        let copy = try Frame()
        try check(av_frame_ref(copy.pointer, pointer), "out of memory")
        return copy
    }

    /// The same picture in memory of its own.
    func copy() throws(MediaError) -> Frame {
        let copy = try Frame(width: width, height: height, format: pixelFormat)
        try check(av_frame_copy(copy.pointer, pointer), "out of memory")
        try check(av_frame_copy_props(copy.pointer, pointer), "out of memory")
        return copy
    }

    func unreference() { av_frame_unref(pointer) }
}

/// A picture that goes from one thread to another: one owner at a time.
final class SharedFrame: @unchecked Sendable {
    let frame: Frame

    init(_ frame: consuming Frame) { self.frame = frame }
}

/// Owns one AVPacket.
struct Packet: ~Copyable {
    let pointer: UnsafeMutablePointer<AVPacket>

    init() throws(MediaError) {
        guard let pointer = av_packet_alloc() else { throw MediaError(.internal, "out of memory") }
        self.pointer = pointer
    }

    /// A packet with these bytes.
    init(_ bytes: [UInt8]) throws(MediaError) {
        let made = try Packet()
        try made.fill(with: bytes)
        self = made
    }

    /// Puts bytes into a packet that holds none.
    func fill(with bytes: [UInt8]) throws(MediaError) {
        try check(av_new_packet(pointer, Int32(bytes.count)), "out of memory")
        bytes.withUnsafeBufferPointer { source in
            if let base = source.baseAddress { pointer.pointee.data.update(from: base, count: source.count) }
        }
    }

    deinit {
        var pointer: UnsafeMutablePointer<AVPacket>? = pointer
        av_packet_free(&pointer)
    }

    var bytes: [UInt8] {
        Array(UnsafeBufferPointer(start: pointer.pointee.data, count: Int(pointer.pointee.size)))
    }

    var isKey: Bool { pointer.pointee.flags & AV_PKT_FLAG_KEY != 0 }
    /// Whether an edit list hides its frame: it is decoded only because later frames refer to it.
    var isHidden: Bool { pointer.pointee.flags & AV_PKT_FLAG_DISCARD != 0 }

    /// Makes a moment, in ticks, the beginning of the packet's time line.
    func shift(by start: Int64) {
        if pointer.pointee.pts != us_no_pts {
            pointer.pointee.pts = MediaTime.distance(from: start, to: pointer.pointee.pts)
        }
        if pointer.pointee.dts != us_no_pts {
            pointer.pointee.dts = MediaTime.distance(from: start, to: pointer.pointee.dts)
        }
    }

    func unreference() { av_packet_unref(pointer) }
}
