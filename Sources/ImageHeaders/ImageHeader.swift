// SPDX-License-Identifier: Apache-2.0

/// Properties of an image file, read from its bytes without decoding it.
///
/// ```swift
/// guard let header = ImageHeader(bytes), header.isComplete, !header.isTooLarge else { return }
/// ```
package struct ImageHeader: Equatable, Sendable {
    /// A file format, named as in messages.
    package enum Format: String, Sendable {
        case png = "PNG"
        case jpeg = "JPEG"
        case webp = "WebP"
        case gif = "GIF"
    }

    /// The file's format.
    package let format: Format
    /// Width in pixels; 0 if the header does not state it.
    package let width: Int
    /// Height in pixels; 0 if the header does not state it.
    package let height: Int
    /// Bytes of a decoded pixel.
    package let bytesPerPixel: Int
    /// Whether the file has the end marker that its format requires.
    package let isComplete: Bool

    /// Maximum pixels of an image; larger ones are not decoded.
    package static let maximumPixels = 64_000_000
    /// Maximum bytes of a decoded image: 64 million pixels of eight bits per channel.
    package static let maximumDecoded = 256_000_000

    /// Whether the image has more than `maximumPixels` or takes more than `maximumDecoded` bytes. A header can state
    /// 2^32 pixels each way, whose product does not fit an `Int`.
    package var isTooLarge: Bool {
        let (pixels, overflow) = width.multipliedReportingOverflow(by: height)
        return overflow || pixels > Self.maximumPixels || pixels * bytesPerPixel > Self.maximumDecoded
    }

    /// Reads a header; `nil` for other formats.
    package init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            format = .png
            width = bytes.count >= 24 ? Self.big(bytes, 16, 4) : 0
            height = bytes.count >= 24 ? Self.big(bytes, 20, 4) : 0
            bytesPerPixel = bytes.count >= 26 ? Self.pngPixel(depth: bytes[24], colorType: bytes[25]) : 4
            isComplete = Self.hasEndChunk(bytes)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            format = .jpeg
            (width, height, bytesPerPixel) = Self.jpegFrame(bytes)
            isComplete = Self.hasEndOfImage(bytes)
        } else if bytes.count > 30, bytes.starts(with: Array("RIFF".utf8)),
            bytes[8..<12].elementsEqual("WEBP".utf8)
        {
            format = .webp
            (width, height) = Self.webpSize(bytes)
            bytesPerPixel = 4
            isComplete = bytes.count >= Self.little(bytes, 4, 4) + 8
        } else if bytes.count > 13, bytes.starts(with: Array("GIF87a".utf8)) || bytes.starts(with: Array("GIF89a".utf8))
        {
            format = .gif
            (width, height) = (Self.little(bytes, 6, 2), Self.little(bytes, 8, 2))
            bytesPerPixel = 4
            isComplete = Self.hasTrailer(bytes)
        } else {
            return nil
        }
    }

    private static func big(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        (0..<count).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }

    private static func little(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }

    private static func pngPixel(depth: UInt8, colorType: UInt8) -> Int {
        let channels =
            switch colorType {
            case 2: 3
            case 4: 2
            case 6: 4
            default: 1
            }
        return channels * (depth == 16 ? 2 : 1)
    }

    /// Scans the chunks for IEND.
    private static func hasEndChunk(_ bytes: [UInt8]) -> Bool {
        var offset = 8
        while offset + 12 <= bytes.count {
            if bytes[offset + 4..<offset + 8].elementsEqual("IEND".utf8) { return true }
            offset += 12 + big(bytes, offset, 4)
        }
        return false
    }

    /// Scans a GIF's blocks for the trailer; bytes after it are ignored.
    private static func hasTrailer(_ bytes: [UInt8]) -> Bool {
        func palette(_ flags: UInt8) -> Int { flags & 0x80 == 0 ? 0 : 6 << Int(flags & 7) }
        var offset = 13 + palette(bytes[10])
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x3B: return true
            case 0x21: offset += 2
            case 0x2C where offset + 9 < bytes.count: offset += 11 + palette(bytes[offset + 9])
            default: return false
            }
            // The block's data, in sub-blocks of up to 255 bytes.
            while offset < bytes.count, bytes[offset] != 0 { offset += 1 + Int(bytes[offset]) }
            offset += 1
        }
        return false
    }

    /// Scans the markers for the frame header (SOF0 to SOF15 without DHT, JPG and DAC).
    private static func jpegFrame(_ bytes: [UInt8]) -> (width: Int, height: Int, bytesPerPixel: Int) {
        var offset = 2
        while offset + 9 < bytes.count {
            guard bytes[offset] == 0xFF else { break }
            let marker = bytes[offset + 1]
            if marker == 0xFF {
                offset += 1
            } else if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                // A decoder holds a progressive picture twice: coefficients of two bytes, and samples.
                let isProgressive = [0xC2, 0xC6, 0xCA, 0xCE].contains(marker)
                let components = jpegComponents(bytes, at: offset + 9)
                return (
                    big(bytes, offset + 7, 2), big(bytes, offset + 5, 2),
                    // trusted: at most four components
                    isProgressive ? Int((components * 3).rounded(.up)) : 4
                )
            } else {
                offset += 2 + big(bytes, offset + 2, 2)
            }
        }
        return (0, 0, 4)
    }

    /// Samples per pixel: 3 without subsampling, 1.5 with 4:2:0.
    private static func jpegComponents(_ bytes: [UInt8], at offset: Int) -> Double {
        let count = Int(bytes[offset])
        guard (1...4).contains(count), offset + 3 * count < bytes.count else { return 4 }
        let factors = (0..<count).map { Int(bytes[offset + 2 + 3 * $0]) }.map { max(($0 >> 4) * ($0 & 15), 1) }
        return Double(factors.reduce(0, +)) / Double(factors.max() ?? 1)
    }

    /// Scans segments and coded data for the end marker; that of a thumbnail inside a segment does not count.
    private static func hasEndOfImage(_ bytes: [UInt8]) -> Bool {
        bytes.withUnsafeBufferPointer { bytes in
            var offset = 2
            while offset + 1 < bytes.count {
                guard bytes[offset] == 0xFF else {
                    offset += 1
                    continue
                }
                switch bytes[offset + 1] {
                case 0xD9: return true
                case 0xFF: offset += 1
                case 0, 1, 0xD0...0xD8: offset += 2
                default:
                    guard offset + 3 < bytes.count else { return false }
                    offset += 2 + (Int(bytes[offset + 2]) << 8 | Int(bytes[offset + 3]))
                }
            }
            return false
        }
    }

    private static func webpSize(_ bytes: [UInt8]) -> (Int, Int) {
        if bytes[12..<16].elementsEqual("VP8X".utf8) {
            return (little(bytes, 24, 3) + 1, little(bytes, 27, 3) + 1)
        }
        if bytes[12..<16].elementsEqual("VP8L".utf8) {
            let bits = little(bytes, 21, 4)
            return (bits & 0x3FFF + 1, bits >> 14 & 0x3FFF + 1)
        }
        return (little(bytes, 26, 2) & 0x3FFF, little(bytes, 28, 2) & 0x3FFF)
    }
}
