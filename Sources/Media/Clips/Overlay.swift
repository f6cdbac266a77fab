// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// A small picture, usually text, drawn over a clip for a range of frames.
package struct Overlay: Sendable {
    /// Frames of the clip in which it is visible.
    package let frames: Range<Int>
    let x: Int
    let y: Int
    let width: Int
    let height: Int
    /// Coverage, 0 to 255, row-major.
    private let alpha: [UInt8]
    private let chromaAlpha: [UInt8]
    /// Luma and chroma, premultiplied by coverage.
    private let luma: [UInt8]
    private let blue: [UInt8]
    private let red: [UInt8]

    /// Creates an overlay. Positions and sizes are in pixels and even.
    ///
    /// - Parameters:
    ///   - frames: Frames of the clip in which it is visible.
    ///   - x: Left edge.
    ///   - y: Top edge.
    ///   - width: Width.
    ///   - height: Height.
    ///   - pixels: Row-major, four bytes each: blue, green, red, alpha; colours premultiplied by alpha.
    package init(frames: Range<Int>, x: Int, y: Int, width: Int, height: Int, pixels: [UInt8]) {
        precondition(x % 2 == 0 && y % 2 == 0 && width % 2 == 0 && height % 2 == 0)
        precondition(pixels.count == width * height * 4)
        self.frames = frames
        (self.x, self.y, self.width, self.height) = (x, y, width, height)
        var alpha = [UInt8](repeating: 0, count: width * height)
        var luma = alpha
        for pixel in alpha.indices {
            let (b, g, r, a) = Self.pixel(pixels, pixel)
            alpha[pixel] = UInt8(a)
            // BT.709, limited range, in units of 1/65536. The offset of black is premultiplied like the colour.
            luma[pixel] = Self.byte((11966 * r + 40254 * g + 4064 * b + 16 * a * 65536 / 255 + 32768) >> 16)
        }
        var chromaAlpha = [UInt8](repeating: 0, count: width / 2 * (height / 2))
        var blue = chromaAlpha
        var red = chromaAlpha
        for row in 0..<height / 2 {
            for column in 0..<width / 2 {
                var (b, g, r, a) = (0, 0, 0, 0)
                for offset in [(0, 0), (0, 1), (1, 0), (1, 1)] {
                    let sample = Self.pixel(pixels, (row * 2 + offset.0) * width + column * 2 + offset.1)
                    (b, g, r, a) = (b + sample.b, g + sample.g, r + sample.r, a + sample.a)
                }
                let index = row * (width / 2) + column
                let neutral = 128 * a * 65536 / 255
                chromaAlpha[index] = UInt8(a / 4)
                blue[index] = Self.byte((-6596 * r - 22189 * g + 28784 * b + neutral + 131_072) >> 18)
                red[index] = Self.byte((28784 * r - 26145 * g - 2639 * b + neutral + 131_072) >> 18)
            }
        }
        (self.alpha, self.luma) = (alpha, luma)
        (self.chromaAlpha, self.blue, self.red) = (chromaAlpha, blue, red)
    }

    private static func pixel(_ pixels: [UInt8], _ index: Int) -> (b: Int, g: Int, r: Int, a: Int) {
        (
            Int(pixels[index * 4]), Int(pixels[index * 4 + 1]), Int(pixels[index * 4 + 2]), Int(pixels[index * 4 + 3])
        )
    }

    private static func byte(_ value: Int) -> UInt8 { UInt8(min(max(value, 0), 255)) }

    /// Draws the overlay on a yuv420p picture that has no other owner. Parts outside the picture are clipped.
    func draw(on picture: borrowing Frame) {
        let data = picture.pointer.pointee
        Self.blend(luma, alpha, (x, y, width, height), data.data.0, Int(data.linesize.0), picture.width, picture.height)
        let half = (x / 2, y / 2, width / 2, height / 2)
        let size = (picture.width / 2, picture.height / 2)
        Self.blend(blue, chromaAlpha, half, data.data.1, Int(data.linesize.1), size.0, size.1)
        Self.blend(red, chromaAlpha, half, data.data.2, Int(data.linesize.2), size.0, size.1)
    }

    private static func blend(
        _ values: [UInt8], _ alpha: [UInt8], _ box: (x: Int, y: Int, width: Int, height: Int),
        _ plane: UnsafeMutablePointer<UInt8>?, _ stride: Int, _ width: Int, _ height: Int
    ) {
        guard let plane else { return }
        for row in 0..<box.height where (0..<height).contains(box.y + row) {
            let line = plane + (box.y + row) * stride
            for column in 0..<box.width where (0..<width).contains(box.x + column) {
                let index = row * box.width + column
                let transparency = 255 - Int(alpha[index])
                if transparency == 255 { continue }
                let background = Int(line[box.x + column])
                line[box.x + column] = byte((background * transparency + 127) / 255 + Int(values[index]))
            }
        }
    }
}
