import CFFmpeg

/// Pictures of any format to yuv420p, BT.709, limited range.
enum Scaler {
    private static let quality = SWS_LANCZOS | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT | SWS_FULL_CHR_H_INP | SWS_BITEXACT

    /// Scales the whole source to the size; what is transparent becomes black.
    static func convert(_ source: borrowing Frame, width: Int, height: Int, name: String) throws(MediaError) -> Frame {
        if let description = av_pix_fmt_desc_get(source.pixelFormat),
            description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 || source.pixelFormat == AV_PIX_FMT_PAL8
        {
            let flat = try Frame(width: width, height: height, format: AV_PIX_FMT_RGBA)
            try scale(source, into: flat, name)
            flat.blendOverBlack()
            return try convertOpaque(flat, width: width, height: height, name)
        }
        return try convertOpaque(source, width: width, height: height, name)
    }

    private static func convertOpaque(
        _ source: borrowing Frame, width: Int, height: Int, _ name: String
    ) throws(MediaError) -> Frame {
        let target = try Frame(width: width, height: height)
        try scale(source, into: target, name)
        return target
    }

    /// Fits the source into the size without changing its aspect, black around it.
    static func letterBox(_ source: borrowing Frame, width: Int, height: Int, name: String) throws(MediaError) -> Frame
    {
        var shown = (width: Double(source.width), height: Double(source.height))
        let aspect = source.pointer.pointee.sample_aspect_ratio
        if aspect.num > 0, aspect.den > 0 { shown.width *= Double(aspect.num) / Double(aspect.den) }
        let factor = min(Double(width) / shown.width, Double(height) / shown.height)
        let innerWidth = min(width, max(2, Int((shown.width * factor / 2).rounded()) * 2))
        let innerHeight = min(height, max(2, Int((shown.height * factor / 2).rounded()) * 2))
        let inner = try convert(source, width: innerWidth, height: innerHeight, name: name)
        guard innerWidth != width || innerHeight != height else { return inner }
        let target = try Frame(width: width, height: height)
        target.fillBlack()
        target.paste(inner, x: (width - innerWidth) / 4 * 2, y: (height - innerHeight) / 4 * 2)
        return target
    }

    private static func scale(_ source: borrowing Frame, into target: borrowing Frame, _ name: String)
        throws(MediaError)
    {
        var from = source.pixelFormat
        var isFull = source.pointer.pointee.color_range == AVCOL_RANGE_JPEG
        // The formats of old JPEG decoders say by their name what the range says.
        switch from {
        case AV_PIX_FMT_YUVJ420P: (from, isFull) = (AV_PIX_FMT_YUV420P, true)
        case AV_PIX_FMT_YUVJ422P: (from, isFull) = (AV_PIX_FMT_YUV422P, true)
        case AV_PIX_FMT_YUVJ444P: (from, isFull) = (AV_PIX_FMT_YUV444P, true)
        case AV_PIX_FMT_YUVJ440P: (from, isFull) = (AV_PIX_FMT_YUV440P, true)
        default: break
        }
        guard
            let context = sws_getContext(
                Int32(source.width), Int32(source.height), from, Int32(target.width), Int32(target.height),
                target.pixelFormat, quality, nil, nil, nil)
        else { throw MediaError(.unsupported, "\(name): its pixel format cannot be converted") }
        defer { sws_freeContext(context) }
        let matrix =
            switch source.pointer.pointee.colorspace {
            case AVCOL_SPC_BT709: SWS_CS_ITU709
            case AVCOL_SPC_BT2020_NCL, AVCOL_SPC_BT2020_CL: SWS_CS_BT2020
            case AVCOL_SPC_SMPTE170M, AVCOL_SPC_BT470BG: SWS_CS_ITU601
            // Untagged video of high definition is BT.709 by custom; pictures are BT.601 by their standard.
            default: !isFull && source.height >= 720 ? SWS_CS_ITU709 : SWS_CS_ITU601
            }
        sws_setColorspaceDetails(
            context, sws_getCoefficients(matrix), isFull ? 1 : 0, sws_getCoefficients(SWS_CS_ITU709), 0, 0, 1 << 16,
            1 << 16)
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

extension Frame {
    /// RGBA only: premultiplies, which is the picture over black.
    fileprivate func blendOverBlack() {
        let stride = Int(pointer.pointee.linesize.0)
        guard let base = pointer.pointee.data.0 else { return }
        for y in 0..<height {
            let row = base + y * stride
            for x in 0..<width {
                let pixel = row + x * 4
                let alpha = Int(pixel[3])
                guard alpha < 255 else { continue }
                for channel in 0..<3 { pixel[channel] = UInt8((Int(pixel[channel]) * alpha + 127) / 255) }
                pixel[3] = 255
            }
        }
    }

    /// yuv420p only.
    func fillBlack() {
        let picture = pointer.pointee
        for (base, stride, rows, value) in [
            (picture.data.0, picture.linesize.0, height, UInt8(16)),
            (picture.data.1, picture.linesize.1, height / 2, 128),
            (picture.data.2, picture.linesize.2, height / 2, 128),
        ] {
            guard let base else { continue }
            base.update(repeating: value, count: Int(stride) * rows)
        }
    }

    /// yuv420p only; even positions.
    fileprivate func paste(_ inner: borrowing Frame, x: Int, y: Int) {
        let (to, from) = (pointer.pointee, inner.pointer.pointee)
        for (target, targetStride, source, sourceStride, shift) in [
            (to.data.0, to.linesize.0, from.data.0, from.linesize.0, 0),
            (to.data.1, to.linesize.1, from.data.1, from.linesize.1, 1),
            (to.data.2, to.linesize.2, from.data.2, from.linesize.2, 1),
        ] {
            guard let target, let source else { continue }
            for row in 0..<(inner.height >> shift) {
                (target + (row + y >> shift) * Int(targetStride) + x >> shift)
                    .update(from: source + row * Int(sourceStride), count: inner.width >> shift)
            }
        }
    }
}
