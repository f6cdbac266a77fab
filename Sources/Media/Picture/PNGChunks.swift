/// PNG files without what no picture needs: packed text and profiles can unfold to any size.
enum PNGChunks {
    private static let needed = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB"].map { Array($0.utf8) }

    /// The chunks of a file, each with the place of its data.
    static func all(_ bytes: [UInt8]) -> [(kind: String, body: Range<Int>)] {
        var chunks: [(String, Range<Int>)] = []
        var offset = 8
        while offset + 12 <= bytes.count, chunks.count < 4096 {
            let size = (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            let kind = String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
            if kind == "IDAT" || kind == "IEND" {
                // Colours stand before the samples; EXIF may follow them.
            } else if offset + 12 + size <= bytes.count {
                chunks.append((kind, offset + 8..<offset + 8 + size))
            }
            offset += 12 + size
        }
        return chunks
    }

    /// The bytes as they are, where nothing is to be left out.
    static func pictureOnly(_ bytes: [UInt8]) -> [UInt8] {
        var kept: [Range<Int>] = []
        var isShorter = false
        var offset = 8
        while offset + 12 <= bytes.count {
            let size = (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            let end = min(offset + 12 + size, bytes.count)
            if needed.contains(where: { bytes[offset + 4..<offset + 8].elementsEqual($0) }) {
                kept.append(offset..<end)
            } else {
                isShorter = true
            }
            offset = end
        }
        guard isShorter else { return bytes }
        return Array(bytes[..<8]) + kept.flatMap { bytes[$0] }
    }
}
