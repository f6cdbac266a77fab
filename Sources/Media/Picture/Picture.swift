// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import FoundationEssentials
import Glibc
import ImageHeaders

/// Loads stills: decodes them whole, then scales and converts them once.
enum Picture {
    static let maximumPixels = ImageHeader.maximumPixels
    static let maximumDecoded = ImageHeader.maximumDecoded
    static let maximumBytes = 100 * 1024 * 1024

    /// Decodes a PNG, JPEG, WebP or GIF file and converts it to a film's format: upright, scaled to fill with Lanczos,
    /// centre-cropped, BT.709. The first picture of an animation is used.
    ///
    /// Colours of a profile are converted to sRGB.
    ///
    /// - Parameters:
    ///   - path: Path of the file.
    ///   - format: Format of the film.
    ///   - size: Even size in pixels; the film's own if absent. Its aspect ratio is the film's, as nearly as whole
    ///     pixels allow.
    ///   - warn: Called with a sentence on each profile that cannot be used.
    static func load(
        _ path: String, format: VideoFormat, size: (width: Int, height: Int)? = nil, warn: (String) -> Void = { _ in }
    ) throws(MediaError) -> Frame {
        let name = fileName(path)
        let bytes = try read(path, name)
        let header = try check(bytes, name)
        let isLarge = header.width * header.height > largePixels
        if isLarge { pthread_mutex_lock(largeLock) }
        defer { if isLarge { pthread_mutex_unlock(largeLock) } }
        let decoded = try decode(bytes, header, path)
        let metadata = metadata(bytes, header.format)
        let colors = colors(of: metadata, decoded) { warn("\(name): \($0); its colours are treated as sRGB") }
        let source = try decoded.byteAligned(name: name)
        let orientation = metadata?.orientation ?? orientation(of: source)
        let swapsAxes = orientation.quarterTurns % 2 == 1
        let (width, height) = (size?.width ?? format.width, size?.height ?? format.height)
        let (across, down) = swapsAxes ? (format.height, format.width) : (format.width, format.height)
        let aspect = Double(across) * Double(source.height) / (Double(down) * Double(source.width))
        source.crop(keeping: (min(aspect, 1), min(1 / aspect, 1)))
        var scaler = Scaler(name: name)
        let scaled = try scaler.convert(
            source, width: swapsAxes ? height : width, height: swapsAxes ? width : height, colors: colors)
        return try scaled.oriented(orientation)
    }

    /// Pictures of more pixels than this are decoded one at a time, to bound memory.
    private static let largePixels = 16_000_000
    private nonisolated(unsafe) static let largeLock: UnsafeMutablePointer<pthread_mutex_t> = {
        let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        lock.initialize(to: pthread_mutex_t())
        pthread_mutex_init(lock, nil)
        return lock
    }()

    /// Reads the header and checks its limits before anything is decoded.
    private static func check(_ bytes: [UInt8], _ name: String) throws(MediaError) -> ImageHeader {
        guard let header = ImageHeader(bytes) else {
            throw MediaError(.unsupported, "\(name) is not a PNG, JPEG, WebP or GIF image")
        }
        // A header can state 2^32 pixels each way, whose product does not fit an `Int`.
        let pixels = header.width.multipliedReportingOverflow(by: header.height)
        guard !pixels.overflow, pixels.partialValue <= maximumPixels else {
            throw MediaError(
                .tooLarge, "\(name) has \(header.width)x\(header.height) pixels; a picture has at most 64 million")
        }
        guard pixels.partialValue * header.bytesPerPixel <= maximumDecoded else {
            throw MediaError(
                .tooLarge,
                "\(name) has \(header.width)x\(header.height) pixels of \(header.bytesPerPixel) bytes; a picture takes at "
                    + "most 256 MB")
        }
        guard header.isComplete else {
            throw MediaError(
                .corruptMedia, "\(name): the \(header.format.rawValue) data is truncated (\(bytes.count) bytes)")
        }
        return header
    }

    private static func decode(_ bytes: [UInt8], _ header: ImageHeader, _ path: String) throws(MediaError) -> Frame {
        let name = fileName(path)
        let codec =
            switch header.format {
            case .png: AV_CODEC_ID_PNG
            case .jpeg: AV_CODEC_ID_MJPEG
            case .webp: AV_CODEC_ID_WEBP
            case .gif: AV_CODEC_ID_GIF
            }
        let decoder = try Decoder(codec: codec, file: path)
        decoder.context.pointee.max_pixels = Int64(maximumPixels)
        decoder.context.pointee.err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK
        decoder.context.pointee.thread_count = 1
        try decoder.open()
        let animation = header.format == .webp ? WebPAnimation(bytes) : nil
        let packet = try Packet(header.format == .png ? PNGChunks.pictureOnly(bytes) : animation?.picture ?? bytes)
        packet.pointer.pointee.flags |= AV_PKT_FLAG_KEY
        let frame = try Frame()
        guard try decoder.send(packet) else {
            throw MediaError(.corruptMedia, "\(name): the \(header.format.rawValue) data does not decode")
        }
        decoder.finish()
        guard case .frame = decoder.receive(frame), frame.width > 0, frame.height > 0,
            frame.pointer.pointee.decode_error_flags == 0
        else {
            throw MediaError(.corruptMedia, "\(name): the \(header.format.rawValue) data does not decode")
        }
        // JPEG uses the full range, whether tagged or not.
        if header.format == .jpeg, frame.pointer.pointee.color_range == AVCOL_RANGE_UNSPECIFIED {
            frame.pointer.pointee.color_range = AVCOL_RANGE_JPEG
        }
        guard let animation, animation.canvas != (frame.width, frame.height) else { return frame }
        return try frame.placed(x: animation.position.x, y: animation.position.y, on: animation.canvas, name: name)
    }

    private static func metadata(_ bytes: [UInt8], _ format: ImageHeader.Format) -> PictureMetadata? {
        switch format {
        case .png: PictureMetadata(png: bytes)
        case .jpeg: PictureMetadata(jpeg: bytes)
        case .webp: PictureMetadata(webp: bytes)
        case .gif: nil
        }
    }

    /// The conversion of a picture's colours to sRGB, if it needs one.
    private static func colors(
        of metadata: PictureMetadata?, _ picture: borrowing Frame, _ warn: (String) -> Void
    ) -> ColorConversion? {
        guard let metadata else { return nil }
        for problem in metadata.problems { warn(problem) }
        let outcome =
            metadata.profile.map { ColorConversion.make(profile: $0, isGray: picture.isGray) }
            ?? metadata.colors.conversion
        switch outcome {
        case .needed(let conversion): return conversion
        case .unusable(let reason):
            warn("its colour profile cannot be used: \(reason)")
            return nil
        case .notNeeded, nil: return nil
        }
    }

    /// The orientation that EXIF metadata states.
    private static func orientation(of picture: borrowing Frame) -> Orientation {
        guard let entry = av_dict_get(picture.pointer.pointee.metadata, "Orientation", nil, 0),
            let number = Int(String(cString: entry.pointee.value).filter(\.isNumber))
        else { return .upright }
        return Orientation(exif: number)
    }

    private static func read(_ path: String, _ name: String) throws(MediaError) -> [UInt8] {
        var status = stat()
        guard stat(path, &status) == 0 else { throw MediaError(.notFound, "\(name): no such file") }
        let size = Int(status.st_size)
        guard size <= maximumBytes else {
            throw MediaError(.tooLarge, "\(name) has \(size) bytes; a picture has at most \(maximumBytes)")
        }
        guard size > 0 else { throw MediaError(.corruptMedia, "\(name) is empty") }
        do {
            return Array(try Data(contentsOf: URL(filePath: path)))
        } catch {
            throw MediaError(.io, "\(name) cannot be read: \(error)")
        }
    }
}

extension Frame {
    /// The picture at a position of a black canvas.
    fileprivate func placed(
        x: Int, y: Int, on canvas: (width: Int, height: Int), name: String
    ) throws(MediaError) -> Frame {
        var scaler = Scaler(name: name)
        let colors = try scaler.scale(self, width: width, height: height, format: AV_PIX_FMT_RGBA)
        let result = try Frame(width: canvas.width, height: canvas.height, format: AV_PIX_FMT_RGBA)
        guard let from = colors.pointer.pointee.data.0, let to = result.pointer.pointee.data.0 else { return result }
        let (fromStride, toStride) = (Int(colors.pointer.pointee.linesize.0), Int(result.pointer.pointee.linesize.0))
        to.update(repeating: 0, count: toStride * canvas.height)
        let count = min(width, canvas.width - x)
        guard count > 0 else { return result }
        for row in 0..<height where y + row < canvas.height {
            (to + (y + row) * toStride + x * 4).update(from: from + row * fromStride, count: count * 4)
        }
        return result
    }

    /// Whether the picture has a single colour channel.
    fileprivate var isGray: Bool {
        guard let description = av_pix_fmt_desc_get(pixelFormat) else { return false }
        let flags = UInt64(AV_PIX_FMT_FLAG_RGB | AV_PIX_FMT_FLAG_PAL)
        return description.pointee.nb_components <= 2 && description.pointee.flags & flags == 0
            && pixelFormat != AV_PIX_FMT_PAL8
    }

    /// Converts formats of several pixels per byte, which cannot be cropped, to grey. Others are not copied.
    fileprivate func byteAligned(name: String) throws(MediaError) -> Frame {
        guard let description = av_pix_fmt_desc_get(pixelFormat),
            description.pointee.flags & UInt64(AV_PIX_FMT_FLAG_BITSTREAM) != 0
        else { return try reference() }
        var scaler = Scaler(name: name)
        return try scaler.scale(self, width: width, height: height, format: AV_PIX_FMT_GRAY8)
    }
}
