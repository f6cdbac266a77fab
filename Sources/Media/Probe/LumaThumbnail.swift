// SPDX-License-Identifier: Apache-2.0

import CFFmpeg

/// A sample of a decoded picture's luma, for comparing pictures.
struct LumaThumbnail: Equatable {
    /// Samples every `step` rows and columns, or more densely if that leaves fewer than `fewestColumns` columns.
    private static let step = 8
    private static let fewestColumns = 160
    /// Maximum mean and peak luma of a black picture, of 16 to 235.
    private static let blackMean = 20
    private static let blackPeak = 40

    let samples: [UInt8]
    /// Samples per row.
    let columns: Int
    /// Presentation time in seconds on the file's time line. Not compared.
    var time: Double?

    /// Creates an empty thumbnail, for pictures that are not recorded.
    init() { (samples, columns) = ([], 0) }

    init(_ picture: borrowing Frame) {
        guard let luma = Luma(picture) else {
            (samples, columns) = ([], 0)
            return
        }
        let step = min(Self.step, max(picture.width / Self.fewestColumns, 1))
        let (rows, columns) = (picture.height / step, picture.width / step)
        self.columns = columns
        samples = [UInt8](unsafeUninitializedCapacity: max(rows * columns, 0)) { buffer, filled in
            for row in 0..<rows {
                let line = luma.base + row * step * luma.stride
                if luma.shift == 0 {
                    for column in 0..<columns { buffer[row * columns + column] = line[column * step * luma.step] }
                } else {
                    for column in 0..<columns {
                        let sample = line + column * step * luma.step
                        let value = Int(sample[0]) | Int(sample[1]) << 8
                        buffer[row * columns + column] = UInt8(truncatingIfNeeded: value >> luma.shift)
                    }
                }
            }
            filled = rows * columns
        }
    }

    static func == (one: LumaThumbnail, other: LumaThumbnail) -> Bool { one.samples == other.samples }

    var isBlack: Bool {
        samples.reduce(0) { $0 + Int($1) } <= Self.blackMean * samples.count
            && samples.max() ?? 0 <= Self.blackPeak
    }
}

/// The memory layout of a decoded picture's luma.
private struct Luma {
    let base: UnsafeMutablePointer<UInt8>
    /// Bytes from row to row, and from sample to sample.
    let stride: Int
    let step: Int
    /// Bits by which a little-endian sample of two bytes exceeds eight; 0 for samples of one byte.
    let shift: Int

    /// `nil` for formats whose samples are not whole bytes of the host's order. For RGB, green replaces luma.
    init?(_ picture: borrowing Frame) {
        guard let descriptor = av_pix_fmt_desc_get(picture.pixelFormat) else { return nil }
        let isRGB = descriptor.pointee.flags & UInt64(AV_PIX_FMT_FLAG_RGB) != 0
        let component = isRGB ? descriptor.pointee.comp.1 : descriptor.pointee.comp.0
        let odd = UInt64(
            AV_PIX_FMT_FLAG_BE | AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BITSTREAM | AV_PIX_FMT_FLAG_HWACCEL
                | AV_PIX_FMT_FLAG_FLOAT)
        guard descriptor.pointee.flags & odd == 0, (8...16).contains(component.depth), component.step > 0 else {
            return nil
        }
        let data = picture.pointer.pointee.data
        let lines = picture.pointer.pointee.linesize
        let planes = [(data.0, lines.0), (data.1, lines.1), (data.2, lines.2), (data.3, lines.3)]
        guard planes.indices.contains(Int(component.plane)), let base = planes[Int(component.plane)].0 else {
            return nil
        }
        self.base = base + Int(component.offset)
        stride = Int(planes[Int(component.plane)].1)
        step = Int(component.step)
        shift = component.depth > 8 ? Int(component.shift) + Int(component.depth) - 8 : 0
        // Samples of eight bits in the higher byte of two are not supported.
        if component.depth == 8, component.shift != 0 { return nil }
    }
}
