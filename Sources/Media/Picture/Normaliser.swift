// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// Converts a clip's pictures, one after the other, to a film's size, pixel format and colours.
struct Normaliser: ~Copyable {
    private let format: VideoFormat
    private let fit: PictureFit
    private let orientation: Orientation
    private let name: String
    private var scaler: Scaler
    private var deepScaler: Scaler
    private var toneMap: ToneMap?
    private var primaries: PrimariesConversion?

    init(format: VideoFormat, fit: PictureFit, orientation: Orientation, name: String) {
        self.format = format
        self.fit = fit
        self.orientation = orientation
        scaler = Scaler(name: name)
        deepScaler = Scaler(name: name)
        toneMap = nil
        primaries = nil
        self.name = name
    }

    mutating func normalise(_ picture: borrowing Frame) throws(MediaError) -> Frame {
        if isNormal(picture) { return try picture.reference() }
        let swapsAxes = orientation.quarterTurns % 2 == 1
        let (across, down) = swapsAxes ? (format.height, format.width) : (format.width, format.height)
        let shown = Self.shownSize(picture)
        let ratios = (Double(across) / shown.width, Double(down) / shown.height)
        let factor = fit == .crop ? max(ratios.0, ratios.1) : min(ratios.0, ratios.1)
        let width = max(2, Int((shown.width * factor / 2).rounded()) * 2)
        let height = max(2, Int((shown.height * factor / 2).rounded()) * 2)
        let scaled: Frame
        if fit == .crop {
            let source = try picture.reference()
            source.crop(keeping: (Double(across) / Double(width), Double(down) / Double(height)))
            scaled = try convert(source, width: across, height: down)
        } else {
            scaled = try convert(picture, width: min(width, across), height: min(height, down))
        }
        let upright = try scaled.oriented(orientation)
        guard upright.width != format.width || upright.height != format.height else { return upright }
        let target = try Frame(width: format.width, height: format.height)
        target.fillBlack()
        target.paste(
            upright, x: (format.width - upright.width) / 4 * 2, y: (format.height - upright.height) / 4 * 2)
        return target
    }

    private func isNormal(_ picture: borrowing Frame) -> Bool {
        let properties = picture.pointer.pointee
        return picture.width == format.width && picture.height == format.height
            && picture.pixelFormat == AV_PIX_FMT_YUV420P && properties.color_range != AVCOL_RANGE_JPEG
            && ColorMatrix(of: picture) == .bt709 && orientation == .upright
            && DynamicRange(transfer: properties.color_trc) == .standard && VideoColors(picture) == nil
            && Self.shownSize(picture).width == Double(picture.width)
    }

    /// The size in square pixels.
    private static func shownSize(_ picture: borrowing Frame) -> (width: Double, height: Double) {
        (Double(picture.width) * picture.pointer.pointee.sample_aspect_ratio.pixelAspect, Double(picture.height))
    }

    private mutating func convert(_ picture: borrowing Frame, width: Int, height: Int) throws(MediaError) -> Frame {
        let range = DynamicRange(transfer: picture.pointer.pointee.color_trc)
        guard range != .standard else {
            guard let colors = VideoColors(picture) else {
                return try scaler.convert(picture, width: width, height: height)
            }
            return try convert(picture, colors, width: width, height: height)
        }
        if toneMap == nil { toneMap = ToneMap(range) }
        let bright = try deepScaler.scale(picture, width: width, height: height, format: AV_PIX_FMT_RGB48LE)
        let flat = try Frame(width: width, height: height, format: AV_PIX_FMT_RGB24)
        toneMap!.apply(bright, into: flat)
        return try scaler.scale(flat, width: width, height: height)
    }

    private mutating func convert(
        _ picture: borrowing Frame, _ colors: VideoColors, width: Int, height: Int
    ) throws(MediaError) -> Frame {
        if primaries?.fits(colors, width: width, height: height) != true {
            primaries = try PrimariesConversion(colors, width: width, height: height, name: name)
        }
        let deep: Frame
        if picture.hasAlpha {
            let flat = try scaler.flatten(picture, width: width, height: height)
            deep = try deepScaler.scale(flat, width: width, height: height, format: AV_PIX_FMT_YUV444P16LE)
        } else {
            deep = try deepScaler.scale(picture, width: width, height: height, format: AV_PIX_FMT_YUV444P16LE)
        }
        return try primaries!.convert(deep)
    }
}

extension Frame {
    /// Crops the picture at its edges to a fraction of its width and height around its centre.
    func crop(keeping fraction: (width: Double, height: Double)) {
        let cutX = width - max(Int((Double(width) * min(fraction.width, 1)).rounded()), 1)
        let cutY = height - max(Int((Double(height) * min(fraction.height, 1)).rounded()), 1)
        pointer.pointee.crop_left = cutX / 4 * 2
        pointer.pointee.crop_right = cutX - cutX / 4 * 2
        pointer.pointee.crop_top = cutY / 4 * 2
        pointer.pointee.crop_bottom = cutY - cutY / 4 * 2
        av_frame_apply_cropping(pointer, Int32(AV_FRAME_CROP_UNALIGNED))
    }
}
