import CFFmpeg

/// A decoded picture at a glance: some of its luma.
struct PictureLook: Equatable {
    /// Every so many rows and columns are looked at.
    private static let step = 8
    /// Mean and highest luma of a black picture, of 16 to 235.
    private static let blackMean = 20
    private static let blackPeak = 40

    let samples: [UInt8]
    /// When it is presented: seconds on the file's time line; no part of how it looks.
    var time: Double?

    /// Nothing was looked at.
    init() { samples = [] }

    init(_ picture: borrowing Frame) {
        guard let luma = Luma(picture) else {
            samples = []
            return
        }
        let step = Self.step
        let (rows, columns) = (picture.height / step, picture.width / step)
        samples = [UInt8](unsafeUninitializedCapacity: max(rows * columns, 0)) { buffer, filled in
            for row in 0..<rows {
                let line = luma.base + row * step * luma.stride
                if luma.shift == 0 {
                    for column in 0..<columns { buffer[row * columns + column] = line[column * step * luma.step] }
                } else {
                    for column in 0..<columns {
                        let place = line + column * step * luma.step
                        let value = Int(place[0]) | Int(place[1]) << 8
                        buffer[row * columns + column] = UInt8(truncatingIfNeeded: value >> luma.shift)
                    }
                }
            }
            filled = rows * columns
        }
    }

    static func == (one: PictureLook, other: PictureLook) -> Bool { one.samples == other.samples }

    var isBlack: Bool {
        samples.reduce(0) { $0 + Int($1) } <= Self.blackMean * samples.count
            && samples.max() ?? 0 <= Self.blackPeak
    }

    /// Whether two pictures differ by no more than so many levels in the mean and anywhere.
    func isLike(_ other: PictureLook, mean: Double, peak: Int) -> Bool {
        guard samples.count == other.samples.count, !samples.isEmpty else { return false }
        if samples == other.samples { return true }
        var sum = 0
        for (a, b) in zip(samples, other.samples) {
            let difference = abs(Int(a) - Int(b))
            if difference > peak { return false }
            sum += difference
        }
        return Double(sum) <= mean * Double(samples.count)
    }
}

/// Where the luma of a decoded picture is in memory.
private struct Luma {
    let base: UnsafeMutablePointer<UInt8>
    /// Bytes from row to row, and from sample to sample.
    let stride: Int
    let step: Int
    /// Bits by which a little-endian sample of two bytes exceeds eight; 0 for samples of one byte.
    let shift: Int

    /// `nil` for formats whose samples are not whole bytes of the host's order; of RGB the green stands for luma.
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
        // Samples of eight bits that lie higher in two bytes are not read.
        if component.depth == 8, component.shift != 0 { return nil }
    }
}
