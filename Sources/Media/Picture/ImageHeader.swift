/// What the first bytes of a picture file say, read before anything is decoded.
struct ImageHeader: Equatable {
    enum Format: String {
        case png = "PNG"
        case jpeg = "JPEG"
        case webp = "WebP"
        case gif = "GIF"
    }

    let format: Format
    /// -> pixels; 0 where the header does not tell.
    let width: Int
    let height: Int
    /// Bytes that a decoded pixel takes.
    let bytesPerPixel: Int
    /// Whether the file has the end that its format asks for.
    let isWhole: Bool

    /// `nil` for bytes that are none of the formats.
    init?(_ bytes: [UInt8]) {
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            format = .png
            width = bytes.count >= 24 ? Self.big(bytes, 16, 4) : 0
            height = bytes.count >= 24 ? Self.big(bytes, 20, 4) : 0
            bytesPerPixel = bytes.count >= 26 ? Self.pngPixel(depth: bytes[24], colorType: bytes[25]) : 4
            isWhole = Self.hasEndChunk(bytes)
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            format = .jpeg
            (width, height) = Self.jpegSize(bytes)
            bytesPerPixel = 4
            isWhole = bytes.suffix(4096).indices.dropLast().contains { bytes[$0] == 0xFF && bytes[$0 + 1] == 0xD9 }
        } else if bytes.count > 30, bytes.starts(with: Array("RIFF".utf8)),
            bytes[8..<12].elementsEqual("WEBP".utf8)
        {
            format = .webp
            (width, height) = Self.webpSize(bytes)
            bytesPerPixel = 4
            isWhole = bytes.count >= Self.little(bytes, 4, 4) + 8
        } else if bytes.count > 13, bytes.starts(with: Array("GIF87a".utf8)) || bytes.starts(with: Array("GIF89a".utf8)) {
            format = .gif
            (width, height) = (Self.little(bytes, 6, 2), Self.little(bytes, 8, 2))
            bytesPerPixel = 4
            isWhole = bytes.last == 0x3B
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

    /// Walks the chunks up to IEND.
    private static func hasEndChunk(_ bytes: [UInt8]) -> Bool {
        var offset = 8
        while offset + 12 <= bytes.count {
            if bytes[offset + 4..<offset + 8].elementsEqual("IEND".utf8) { return true }
            offset += 12 + big(bytes, offset, 4)
        }
        return false
    }

    /// Walks the markers up to the frame header (SOF0 to SOF15 without DHT, JPG and DAC).
    private static func jpegSize(_ bytes: [UInt8]) -> (Int, Int) {
        var offset = 2
        while offset + 9 < bytes.count {
            guard bytes[offset] == 0xFF else { return (0, 0) }
            let marker = bytes[offset + 1]
            if marker == 0xFF {
                offset += 1
            } else if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return (big(bytes, offset + 7, 2), big(bytes, offset + 5, 2))
            } else {
                offset += 2 + big(bytes, offset + 2, 2)
            }
        }
        return (0, 0)
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
