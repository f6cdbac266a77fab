// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Makes interlaced pictures progressive: keeps the lines of the first field and interpolates those of the other.
struct Deinterlacer {
    /// The container's field order, for codecs whose pictures do not state it.
    private let declared: AVFieldOrder
    /// Whether an interlaced picture is one field, as wide as the frame and half as high.
    private let isFieldCoded: Bool

    init(_ stream: UnsafeMutablePointer<AVStream>) {
        let parameters = stream.pointee.codecpar.pointee
        isFieldCoded = parameters.codec_id == AV_CODEC_ID_HEVC
        declared =
            Self.flaggingCodecs.contains(parameters.codec_id.rawValue) ? AV_FIELD_UNKNOWN : parameters.field_order
    }

    /// Codecs whose decoders flag each picture.
    private static let flaggingCodecs: Set<UInt32> = Set(
        [
            AV_CODEC_ID_H264, AV_CODEC_ID_HEVC, AV_CODEC_ID_MPEG1VIDEO, AV_CODEC_ID_MPEG2VIDEO, AV_CODEC_ID_MPEG4,
            AV_CODEC_ID_VC1, AV_CODEC_ID_PRORES, AV_CODEC_ID_DVVIDEO, AV_CODEC_ID_DNXHD, AV_CODEC_ID_FFV1,
        ].map(\.rawValue))

    /// Whether a field order is that of interlaced video.
    static func isInterlaced(_ order: AVFieldOrder) -> Bool {
        [AV_FIELD_TT, AV_FIELD_BB, AV_FIELD_TB, AV_FIELD_BT].contains(order)
    }

    /// Whether a picture is the second field of a frame. It is not shown, since its lines are half a line off those of
    /// the first.
    ///
    /// - Parameter topFirst: Whether the top field is the first; `nil` before the first picture.
    func isSecondField(_ picture: borrowing Frame, topFirst: inout Bool?) -> Bool {
        guard isFieldCoded, us_is_interlaced(picture.pointer) != 0 else { return false }
        let isTop = us_is_top_field_first(picture.pointer) != 0
        if topFirst == nil { topFirst = isTop }
        return isTop != topFirst
    }

    /// The picture at the time of its first field. A progressive picture is not copied.
    func deinterlace(_ picture: consuming Frame) throws(MediaError) -> Frame {
        let isFlagged = us_is_interlaced(picture.pointer) != 0
        guard isFlagged || Self.isInterlaced(declared), !isFieldCoded else { return picture }
        let isTopFirst =
            isFlagged
            ? us_is_top_field_first(picture.pointer) != 0 : declared == AV_FIELD_TT || declared == AV_FIELD_BT
        guard let layout = SampleLayout(picture.pixelFormat) else { return picture }
        let result = try Frame(width: picture.width, height: picture.height, format: picture.pixelFormat)
        try check(av_frame_copy_props(result.pointer, picture.pointer), "out of memory")
        us_set_progressive(result.pointer)
        for plane in 0..<layout.planes {
            guard let from = picture.plane(plane, layout), let to = result.plane(plane, layout) else { return picture }
            Self.interpolate(from, to, keeping: isTopFirst ? 0 : 1, layout)
        }
        return result
    }

    private static func interpolate(_ from: FieldPlane, _ to: FieldPlane, keeping parity: Int, _ layout: SampleLayout) {
        let last = (from.height - 1 - parity) / 2 * 2 + parity
        guard from.height > 1 else {
            to.base.update(from: from.base, count: from.bytes)
            return
        }
        func line(_ row: Int) -> UnsafeMutablePointer<UInt8> { from.base + min(max(row, parity), last) * from.stride }
        for row in 0..<from.height {
            let out = to.base + row * to.stride
            if row % 2 == parity {
                out.update(from: from.base + row * from.stride, count: from.bytes)
            } else if layout.bytesPerSample == 1 {
                blend(line(row - 3), line(row - 1), line(row + 1), line(row + 3), out, from.bytes, 255)
            } else {
                func words(_ line: UnsafeMutablePointer<UInt8>) -> UnsafeMutablePointer<UInt16> {
                    UnsafeMutableRawPointer(line).assumingMemoryBound(to: UInt16.self)
                }
                blend(
                    words(line(row - 3)), words(line(row - 1)), words(line(row + 1)), words(line(row + 3)), words(out),
                    from.bytes / 2, layout.maximum)
            }
        }
    }

    /// Interpolates between two lines by a cubic.
    @inline(__always)
    private static func blend<Sample: FixedWidthInteger>(
        _ a: UnsafePointer<Sample>, _ b: UnsafePointer<Sample>, _ c: UnsafePointer<Sample>, _ d: UnsafePointer<Sample>,
        _ out: UnsafeMutablePointer<Sample>, _ count: Int, _ maximum: Int32
    ) {
        for x in 0..<count {
            let near = Int32(truncatingIfNeeded: b[x]) &+ Int32(truncatingIfNeeded: c[x])
            let far = Int32(truncatingIfNeeded: a[x]) &+ Int32(truncatingIfNeeded: d[x])
            out[x] = Sample(truncatingIfNeeded: min(max((near &* 9 &- far &+ 8) >> 4, 0), maximum))
        }
    }
}

/// How the lines of a pixel format consist of samples.
private struct SampleLayout {
    let planes: Int
    let bytesPerSample: Int
    /// Maximum value of a sample.
    let maximum: Int32
    private let format: AVPixelFormat
    private let chromaShift: Int32

    /// `nil` for formats whose samples are neither whole bytes nor little-endian words.
    init?(_ format: AVPixelFormat) {
        guard let description = av_pix_fmt_desc_get(format)?.pointee else { return nil }
        let odd = AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_HWACCEL | AV_PIX_FMT_FLAG_FLOAT
        let (depth, shift) = (description.comp.0.depth, description.comp.0.shift)
        guard description.flags & UInt64(odd) == 0, depth >= 8, depth + shift <= 16 else { return nil }
        if depth + shift > 8, description.flags & UInt64(AV_PIX_FMT_FLAG_BE) != 0 { return nil }
        planes = Int(av_pix_fmt_count_planes(format))
        bytesPerSample = depth + shift > 8 ? 2 : 1
        maximum = (1 << (depth + shift)) - 1
        self.format = format
        chromaShift =
            description.flags & UInt64(AV_PIX_FMT_FLAG_RGB) == 0 ? Int32(description.log2_chroma_h) : 0
    }

    func bytes(width: Int, plane: Int) -> Int { Int(av_image_get_linesize(format, Int32(width), Int32(plane))) }

    func height(_ height: Int, plane: Int) -> Int {
        plane == 1 || plane == 2 ? -(-height >> Int(chromaShift)) : height
    }
}

/// One plane of a picture of any format.
private struct FieldPlane {
    let base: UnsafeMutablePointer<UInt8>
    /// Bytes from one line to the next.
    let stride: Int
    /// Bytes of a line.
    let bytes: Int
    let height: Int
}

extension Frame {
    fileprivate func plane(_ index: Int, _ layout: SampleLayout) -> FieldPlane? {
        let picture = pointer.pointee
        let all = [
            (picture.data.0, picture.linesize.0), (picture.data.1, picture.linesize.1),
            (picture.data.2, picture.linesize.2), (picture.data.3, picture.linesize.3),
        ]
        guard all.indices.contains(index), let base = all[index].0 else { return nil }
        let bytes = layout.bytes(width: width, plane: index)
        guard bytes > 0, bytes <= abs(Int(all[index].1)) else { return nil }
        return FieldPlane(
            base: base, stride: Int(all[index].1), bytes: bytes, height: layout.height(height, plane: index))
    }
}
