import CFFmpeg

/// A decoded picture at a glance: some of its luma.
struct PictureLook: Equatable {
    /// Samples every `step` rows and columns, or more often if fewer than `fewestColumns` columns would be left.
    private static let step = 8
    private static let fewestColumns = 160
    /// Mean and highest luma of a black picture, of 16 to 235.
    private static let blackMean = 20
    private static let blackPeak = 40

    let samples: [UInt8]
    /// Samples of a row.
    let columns: Int
    /// When it is presented: seconds on the file's time line; no part of how it looks.
    var time: Double?

    /// Nothing was looked at.
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
}

/// A picture in blocks of 8 by 8 samples of its look: their means change with what is shown, and hardly with grain.
struct PictureBlocks {
    private static let side = 8

    let look: PictureLook
    private let means: [Float]

    init(_ look: PictureLook) {
        self.look = look
        let (columns, rows) = (look.columns, look.columns > 0 ? look.samples.count / look.columns : 0)
        let (across, down) = (max(columns / Self.side, 1), max(rows / Self.side, 1))
        var sums = [Int32](repeating: 0, count: across * down)
        var counts = sums
        look.samples.withUnsafeBufferPointer { samples in
            for row in 0..<rows {
                let first = min(row / Self.side, down - 1) * across
                for block in 0..<across {
                    // The last block of a row or a column takes what is left.
                    let end = block == across - 1 ? columns : (block + 1) * Self.side
                    var sum: Int32 = 0
                    for column in block * Self.side..<end { sum &+= Int32(samples[row * columns + column]) }
                    sums[first + block] += sum
                    counts[first + block] += Int32(end - block * Self.side)
                }
            }
        }
        means = look.samples.isEmpty ? [] : zip(sums, counts).map { Float($0) / Float($1) }
    }

    /// Whether the blocks of two pictures differ by no more than so many levels in the mean and anywhere.
    func isLike(_ other: PictureBlocks, mean: Float, peak: Float) -> Bool {
        guard means.count == other.means.count, !means.isEmpty else { return false }
        var sum: Float = 0
        for (a, b) in zip(means, other.means) {
            let difference = abs(a - b)
            if difference > peak { return false }
            sum += difference
        }
        return sum <= mean * Float(means.count)
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
