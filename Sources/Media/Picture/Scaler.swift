import CFFmpeg

/// Pictures of any format to yuv420p, BT.709, limited range. Keeps what it needs from one picture to the next.
struct Scaler: ~Copyable {
    private let name: String
    private var context: ScalingContext?
    private var target: (width: Int, height: Int, format: AVPixelFormat.RawValue)

    /// - Parameter name: what messages call the source.
    init(name: String) {
        self.name = name
        context = nil
        target = (0, 0, -1)
    }

    /// Scales the whole source to the size; what is transparent becomes black.
    ///
    /// - Parameter colors: brings the source's colours to sRGB, where they are others.
    mutating func convert(
        _ source: borrowing Frame, width: Int, height: Int, colors: ColorConversion? = nil
    ) throws(MediaError) -> Frame {
        guard source.isTransparent || colors != nil else { return try scale(source, width: width, height: height) }
        return try scale(
            try flatten(source, width: width, height: height, colors: colors), width: width, height: height)
    }

    /// Scales the whole source to RGBA without transparency, over black.
    mutating func flatten(
        _ source: borrowing Frame, width: Int, height: Int, colors: ColorConversion? = nil
    ) throws(MediaError) -> Frame {
        let flat = try scale(source, width: width, height: height, format: AV_PIX_FMT_RGBA)
        colors?.apply(to: flat)
        if source.isTransparent { flat.blendOverBlack() }
        return flat
    }

    /// Scales the whole source to a size and a format.
    mutating func scale(
        _ source: borrowing Frame, width: Int, height: Int, format: AVPixelFormat = AV_PIX_FMT_YUV420P
    ) throws(MediaError) -> Frame {
        let result = try Frame(width: width, height: height, format: format)
        var shape = ScalingContext.Shape(source)
        // Where it scales RGB to RGB, swscale goes through YUV and back: by one matrix, or the colours change. A palette's own
        // way there is always that of BT.601.
        if source.isRGB, format == AV_PIX_FMT_RGBA { shape.matrix = .bt709 }
        if context?.source != shape || target != (width, height, format.rawValue) {
            context = try ScalingContext(from: shape, to: result, name: name)
            target = (width, height, format.rawValue)
        }
        try context!.scale(source, into: result, name: name)
        return result
    }
}

extension Frame {
    var isTransparent: Bool {
        guard let description = av_pix_fmt_desc_get(pixelFormat) else { return false }
        return description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 || pixelFormat == AV_PIX_FMT_PAL8
    }

    /// Whether its samples are red, green and blue, and no palette's numbers.
    fileprivate var isRGB: Bool {
        guard let description = av_pix_fmt_desc_get(pixelFormat) else { return false }
        return description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0 && pixelFormat != AV_PIX_FMT_PAL8
    }

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
}
