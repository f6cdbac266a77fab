// SPDX-License-Identifier: Apache-2.0

/// The first picture of an animated WebP as a file of its own, and its position. libavcodec does not decode animated
/// WebP.
struct WebPAnimation {
    /// A still WebP file.
    let picture: [UInt8]
    /// Size of the canvas in pixels.
    let canvas: (width: Int, height: Int)
    /// Position of the picture's top left corner on the canvas, in pixels.
    let position: (x: Int, y: Int)

    /// `nil` for files that are not animated.
    init?(_ bytes: [UInt8]) {
        guard bytes.count > 30, bytes[12..<16].elementsEqual("VP8X".utf8), bytes[20] & 0x02 != 0 else { return nil }
        var offset = 12
        while offset + 8 <= bytes.count {
            let size = Self.little(bytes, offset + 4, 4)
            if bytes[offset..<offset + 4].elementsEqual("ANMF".utf8), size > 16, offset + 8 + size <= bytes.count {
                let frame = Array(bytes[offset + 8..<offset + 8 + size])
                picture = Self.still(frame)
                canvas = (Self.little(bytes, 24, 3) + 1, Self.little(bytes, 27, 3) + 1)
                position = (Self.little(frame, 0, 3) * 2, Self.little(frame, 3, 3) * 2)
                return
            }
            offset += 8 + size + size % 2
        }
        return nil
    }

    /// - Parameter frame: A frame's position, size, duration and flags in 16 bytes, then the chunks of a still.
    private static func still(_ frame: [UInt8]) -> [UInt8] {
        let chunks = Array(frame[16...])
        var body = Array("WEBP".utf8)
        if chunks.starts(with: Array("ALPH".utf8)) {
            // A lossy picture with an alpha channel needs the extended header: a flag, and the size less one.
            body += Array("VP8X".utf8) + [10, 0, 0, 0, 0x10, 0, 0, 0] + frame[6..<12]
        }
        body += chunks
        let size = UInt32(body.count)
        return Array("RIFF".utf8) + (0..<4).map { UInt8(size >> (8 * UInt32($0)) & 0xFF) } + body
    }

    private static func little(_ bytes: [UInt8], _ offset: Int, _ count: Int) -> Int {
        (0..<count).reversed().reduce(0) { $0 << 8 | Int(bytes[offset + $1]) }
    }
}
