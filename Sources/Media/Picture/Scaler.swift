// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Converts pictures of any format to yuv420p, BT.709, limited range. Reuses its context for pictures of the same
/// shape.
struct Scaler: ~Copyable {
    private let name: String
    private var context: ScalingContext?
    private var target: (width: Int, height: Int, format: AVPixelFormat.RawValue)

    /// - Parameter name: Name of the source in messages.
    init(name: String) {
        self.name = name
        context = nil
        target = (0, 0, -1)
    }

    /// Scales the whole source to a size. Transparent areas become black.
    ///
    /// - Parameter colors: Conversion of the source's colours to sRGB, if it needs one.
    mutating func convert(
        _ source: borrowing Frame, width: Int, height: Int, colors: ColorConversion? = nil
    ) throws(MediaError) -> Frame {
        guard source.hasAlpha || colors != nil else { return try scale(source, width: width, height: height) }
        return try scale(
            try flatten(source, width: width, height: height, colors: colors), width: width, height: height)
    }

    /// Scales the whole source to RGBA without transparency, over black.
    mutating func flatten(
        _ source: borrowing Frame, width: Int, height: Int, colors: ColorConversion? = nil
    ) throws(MediaError) -> Frame {
        let flat = try scale(source, width: width, height: height, format: AV_PIX_FMT_RGBA)
        colors?.apply(to: flat)
        if source.hasAlpha { flat.blendOverBlack() }
        return flat
    }

    /// Scales the whole source to a size and a format.
    mutating func scale(
        _ source: borrowing Frame, width: Int, height: Int, format: AVPixelFormat = AV_PIX_FMT_YUV420P
    ) throws(MediaError) -> Frame {
        let result = try Frame(width: width, height: height, format: format)
        var shape = ScalingContext.Shape(source)
        // swscale scales RGB to RGB through YUV and back, which must use one matrix, or colours change. For palettes,
        // it always uses that of BT.601.
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
    var hasAlpha: Bool {
        guard let description = av_pix_fmt_desc_get(pixelFormat) else { return false }
        return description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_ALPHA) != 0 || pixelFormat == AV_PIX_FMT_PAL8
    }

    /// Whether its samples are red, green and blue rather than palette indices.
    fileprivate var isRGB: Bool {
        guard let description = av_pix_fmt_desc_get(pixelFormat) else { return false }
        return description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0 && pixelFormat != AV_PIX_FMT_PAL8
    }

    /// Composites an RGBA picture over black by premultiplying.
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
