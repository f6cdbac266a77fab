// SPDX-License-Identifier: Apache-2.0

/// Removes chunks that no picture needs from PNG files: packed text and profiles can expand to any size.
enum PNGChunks {
    private static let needed = ["IHDR", "PLTE", "tRNS", "IDAT", "IEND", "gAMA", "cHRM", "sRGB"].map { Array($0.utf8) }

    /// The chunks of a file other than samples, each with the range of its data.
    static func all(_ bytes: [UInt8]) -> [(kind: String, body: Range<Int>)] {
        var chunks: [(String, Range<Int>)] = []
        var offset = 8
        while offset + 12 <= bytes.count, chunks.count < 4096 {
            let size = (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            let kind = String(decoding: bytes[offset + 4..<offset + 8], as: UTF8.self)
            if kind == "IDAT" || kind == "IEND" {
                // Colour chunks precede the samples; EXIF may follow them.
            } else if offset + 12 + size <= bytes.count {
                chunks.append((kind, offset + 8..<offset + 8 + size))
            }
            offset += 12 + size
        }
        return chunks
    }

    /// The file without other chunks; the same bytes if there are none.
    static func pictureOnly(_ bytes: [UInt8]) -> [UInt8] {
        var ranges: [Range<Int>] = []
        var removesChunks = false
        var offset = 8
        while offset + 12 <= bytes.count {
            let size = (0..<4).reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
            let end = min(offset + 12 + size, bytes.count)
            if needed.contains(where: { bytes[offset + 4..<offset + 8].elementsEqual($0) }) {
                ranges.append(offset..<end)
            } else {
                removesChunks = true
            }
            offset = end
        }
        guard removesChunks else { return bytes }
        return Array(bytes[..<8]) + ranges.flatMap { bytes[$0] }
    }
}
