import CFFmpeg
import FoundationEssentials
import Glibc

/// Stills: decoded whole, scaled and converted once.
enum Picture {
    static let maximumPixels = 64_000_000
    static let maximumBytes = 100 * 1024 * 1024

    /// Decodes a PNG, JPEG or WebP file and brings it to a film's shape: scaled to fill with Lanczos, centre-cropped, BT.709.
    ///
    /// - Parameter size: -> pixels, even; the film's own size if absent. Its aspect is the film's as nearly as whole pixels can.
    static func load(
        _ path: String, format: VideoFormat, size: (width: Int, height: Int)? = nil
    ) throws(MediaError) -> Frame {
        let source = try decode(path)
        let aspect = Double(format.width) * Double(source.height) / (Double(format.height) * Double(source.width))
        source.crop(keeping: (min(aspect, 1), min(1 / aspect, 1)))
        var scaler = Scaler(name: fileName(path))
        return try scaler.convert(
            source, width: size?.width ?? format.width, height: size?.height ?? format.height)
    }

    private static func decode(_ path: String) throws(MediaError) -> Frame {
        let name = fileName(path)
        let bytes = try read(path, name)
        guard let header = ImageHeader(bytes) else {
            throw MediaError(.unsupported, "\(name) is no PNG, JPEG or WebP picture")
        }
        // A header may promise 2^32 pixels each way, whose product is no Int.
        let pixels = header.width.multipliedReportingOverflow(by: header.height)
        guard !pixels.overflow, pixels.partialValue <= maximumPixels else {
            throw MediaError(
                .tooLarge, "\(name) has \(header.width)x\(header.height) pixels; a picture has at most 64 million")
        }
        guard header.isWhole else {
            throw MediaError(
                .corruptMedia, "\(name): the \(header.format.rawValue) data ends too early (\(bytes.count) bytes)")
        }
        let codec =
            switch header.format {
            case .png: AV_CODEC_ID_PNG
            case .jpeg: AV_CODEC_ID_MJPEG
            case .webp: AV_CODEC_ID_WEBP
            }
        let decoder = try Decoder(codec: codec, file: path)
        decoder.context.pointee.max_pixels = Int64(maximumPixels)
        decoder.context.pointee.err_recognition = AV_EF_EXPLODE | AV_EF_CRCCHECK
        decoder.context.pointee.thread_count = 1
        try decoder.open()
        let packet = try Packet(bytes)
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
        return frame
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
