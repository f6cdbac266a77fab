/// Animated WebP, of which libavcodec decodes nothing: its first picture as a file of its own.
enum WebPAnimation {
    /// The bytes as they are, where they are no animation.
    static func firstPicture(of bytes: [UInt8]) -> [UInt8] {
        guard bytes.count > 30, bytes[12..<16].elementsEqual("VP8X".utf8), bytes[20] & 0x02 != 0 else { return bytes }
        var offset = 12
        while offset + 8 <= bytes.count {
            let size = length(bytes, offset + 4)
            if bytes[offset..<offset + 4].elementsEqual("ANMF".utf8), size > 16, offset + 8 + size <= bytes.count {
                return still(Array(bytes[offset + 8..<offset + 8 + size]))
            }
            offset += 8 + size + size % 2
        }
        return bytes
    }

    /// - Parameter frame: a frame's place, size, duration and flags in 16 bytes, then the chunks of a still.
    private static func still(_ frame: [UInt8]) -> [UInt8] {
        let chunks = Array(frame[16...])
        var body = Array("WEBP".utf8)
        if chunks.starts(with: Array("ALPH".utf8)) {
            // Transparency of a lossy picture needs the extended header: alpha, and the size less one.
            body += Array("VP8X".utf8) + [10, 0, 0, 0, 0x10, 0, 0, 0] + frame[6..<12]
        }
        body += chunks
        let size = UInt32(body.count)
        return Array("RIFF".utf8) + (0..<4).map { UInt8(size >> (8 * UInt32($0)) & 0xFF) } + body
    }

    private static func length(_ bytes: [UInt8], _ offset: Int) -> Int {
        (0..<4).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }
}
