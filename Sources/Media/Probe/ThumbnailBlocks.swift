// SPDX-License-Identifier: Apache-2.0

/// The means of blocks of 8 by 8 samples of a thumbnail, which change with the content and hardly with grain.
struct ThumbnailBlocks {
    private static let side = 8

    let thumbnail: LumaThumbnail
    private let means: [Float]

    init(_ thumbnail: LumaThumbnail) {
        self.thumbnail = thumbnail
        let (columns, rows) = (
            thumbnail.columns, thumbnail.columns > 0 ? thumbnail.samples.count / thumbnail.columns : 0
        )
        let (across, down) = (max(columns / Self.side, 1), max(rows / Self.side, 1))
        var sums = [Int32](repeating: 0, count: across * down)
        var counts = sums
        thumbnail.samples.withUnsafeBufferPointer { samples in
            for row in 0..<rows {
                let first = min(row / Self.side, down - 1) * across
                for block in 0..<across {
                    // The last block of a row or a column takes the rest.
                    let end = block == across - 1 ? columns : (block + 1) * Self.side
                    var sum: Int32 = 0
                    for column in block * Self.side..<end { sum &+= Int32(samples[row * columns + column]) }
                    sums[first + block] += sum
                    counts[first + block] += Int32(end - block * Self.side)
                }
            }
        }
        means = thumbnail.samples.isEmpty ? [] : zip(sums, counts).map { Float($0) / Float($1) }
    }

    /// Whether the blocks of two pictures differ by at most `mean` levels in the mean and `peak` levels anywhere.
    func matches(_ other: ThumbnailBlocks, mean: Float, peak: Float) -> Bool {
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
