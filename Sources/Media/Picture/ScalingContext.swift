// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Owns a conversion of pictures from one size, format and colour matrix to another, with Lanczos filtering.
struct ScalingContext: ~Copyable {
    /// The source of a conversion.
    struct Shape: Equatable {
        var width: Int
        var height: Int
        var format: AVPixelFormat.RawValue
        var matrix: ColorMatrix
        var isFullRange: Bool

        init(_ picture: borrowing Frame) {
            width = picture.width
            height = picture.height
            var isFullRange = picture.pointer.pointee.color_range == AVCOL_RANGE_JPEG
            var format = picture.pixelFormat
            // These formats of old JPEG decoders imply the full range.
            switch format {
            case AV_PIX_FMT_YUVJ420P: (format, isFullRange) = (AV_PIX_FMT_YUV420P, true)
            case AV_PIX_FMT_YUVJ422P: (format, isFullRange) = (AV_PIX_FMT_YUV422P, true)
            case AV_PIX_FMT_YUVJ444P: (format, isFullRange) = (AV_PIX_FMT_YUV444P, true)
            case AV_PIX_FMT_YUVJ440P: (format, isFullRange) = (AV_PIX_FMT_YUV440P, true)
            default: break
            }
            matrix = ColorMatrix(of: picture)
            self.isFullRange = isFullRange
            self.format = format.rawValue
        }
    }

    private static let quality = SWS_LANCZOS | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT

    let source: Shape
    private let context: OpaquePointer

    /// - Parameter target: A picture of the target's size and format.
    init(from source: Shape, to target: borrowing Frame, name: String) throws(MediaError) {
        guard let context = sws_alloc_context() else { throw MediaError(.internal, "out of memory") }
        // Ranges must be known when the context is initialised, or pictures of one size are copied unchanged.
        for (option, value) in [
            ("srcw", Int64(source.width)), ("srch", Int64(source.height)), ("src_format", Int64(source.format)),
            ("dstw", Int64(target.width)), ("dsth", Int64(target.height)),
            ("dst_format", Int64(target.pixelFormat.rawValue)), ("sws_flags", Int64(Self.quality)),
            ("src_range", source.isFullRange ? 1 : 0), ("dst_range", 0),
        ] { av_opt_set_int(UnsafeMutableRawPointer(context), option, value, 0) }
        guard sws_init_context(context, nil, nil) >= 0 else {
            sws_freeContext(context)
            throw MediaError(.unsupported, "\(name): its pixel format cannot be converted")
        }
        sws_setColorspaceDetails(
            context, sws_getCoefficients(source.matrix.scalerName), source.isFullRange ? 1 : 0,
            sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16, 1 << 16)
        self.context = context
        self.source = source
    }

    deinit { sws_freeContext(context) }

    /// Converts a picture of the shape that the context was created for.
    func scale(_ source: borrowing Frame, into target: borrowing Frame, name: String) throws(MediaError) {
        let sourceData = source.pointer.pointee
        let code = withUnsafePointer(to: sourceData.data) { data in
            data.withMemoryRebound(to: UnsafePointer<UInt8>?.self, capacity: 8) { planes in
                withUnsafePointer(to: sourceData.linesize) { lines in
                    lines.withMemoryRebound(to: Int32.self, capacity: 8) { strides in
                        sws_scale(
                            context, planes, strides, 0, Int32(source.height), &target.pointer.pointee.data.0,
                            &target.pointer.pointee.linesize.0)
                    }
                }
            }
        }
        try check(code, "\(name): cannot scale")
    }
}
