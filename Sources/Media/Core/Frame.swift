// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns an `AVFrame`.
struct Frame: ~Copyable {
    let pointer: UnsafeMutablePointer<AVFrame>

    init() throws(MediaError) {
        guard let pointer = av_frame_alloc() else { throw MediaError(.internal, "out of memory") }
        self.pointer = pointer
    }

    /// Creates a writable picture. yuv420p is tagged as BT.709 of limited range.
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

    /// Another reference to the same picture.
    func reference() throws(MediaError) -> Frame {
        let copy = try Frame()
        try check(av_frame_ref(copy.pointer, pointer), "out of memory")
        return copy
    }

    /// A copy of the picture in its own memory.
    func copy() throws(MediaError) -> Frame {
        let copy = try Frame(width: width, height: height, format: pixelFormat)
        try check(av_frame_copy(copy.pointer, pointer), "out of memory")
        try check(av_frame_copy_props(copy.pointer, pointer), "out of memory")
        return copy
    }

    func unreference() { av_frame_unref(pointer) }
}
