// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The weights that resample one row, or one column, of samples by Lanczos filtering with three lobes.
///
/// Positions are not whole samples, which keeps slow motion free of jitter.
struct ResamplingTaps {
    private static let lobes = 3.0
    /// Sum of the weights of an output sample.
    static let unit = 1 << 14

    /// Number of weights of each output sample.
    let count: Int
    /// For each output sample, the first source sample that contributes to it.
    private(set) var first: [Int]
    /// `count` weights for each output sample, with a sum of 2^14.
    private(set) var weights: [Int16]

    /// - Parameters:
    ///   - outputs: Number of output samples.
    ///   - sources: Number of source samples, at least `count`. Beyond the edges, the sample at the edge is repeated.
    ///   - origin: The source position of output sample 0, in source samples.
    ///   - step: Source samples per output sample. Above 1 the filter widens to prevent aliasing.
    ///   - multiple: `count` is rounded up to a multiple of this.
    init(outputs: Int, sources: Int, origin: Double, step: Double, multiple: Int) {
        let scale = max(step, 1)
        let radius = Self.lobes * scale
        let needed = Int((2 * radius).rounded(.up)) + 1
        count = (needed + multiple - 1) / multiple * multiple
        first = [Int](repeating: 0, count: outputs)
        weights = [Int16](repeating: 0, count: outputs * count)
        var set = [Float](repeating: 0, count: count)
        for output in 0..<outputs {
            let position = origin + Double(output) * step
            let lowest = Int((position - radius).rounded(.up))
            let highest = Int((position + radius).rounded(.down))
            let start = min(max(lowest, 0), max(sources - count, 0))
            first[output] = start
            for index in set.indices { set[index] = 0 }
            var sum: Float = 0
            var moment: Float = 0
            for source in lowest...highest {
                let distance = Double(source) - position
                let weight = Self.lanczos(abs(distance) / scale)
                set[min(max(source, 0), sources - 1) - start] += weight
                sum += weight
                moment += weight * Float(distance)
            }
            // The filter's centroid is up to a fiftieth of a sample off the position, which is visible as a wobble in
            // slow motion. The two middle weights compensate.
            let middle = Int(position.rounded(.down)) - start
            if lowest >= 0, highest < sources, set.indices.contains(middle + 1) {
                set[middle] += moment
                set[middle + 1] -= moment
            }
            // Each rounding error is carried to the next weight, so that the sum is exact.
            var carried: Float = 0
            for index in set.indices {
                let exact = set[index] / sum * Float(Self.unit) + carried
                let rounded = Int16(exact + (exact < 0 ? -0.5 : 0.5))
                weights[output * count + index] = rounded
                carried = exact - Float(rounded)
            }
        }
    }

    /// The filter at a distance of 0 to `lobes`, from a table precise enough for 8-bit samples.
    private static func lanczos(_ distance: Double) -> Float {
        let position = distance * Double(resolution)
        let index = min(Int(position), table.count - 2)
        let fraction = Float(position - Double(index))
        return table[index] + (table[index + 1] - table[index]) * fraction
    }

    private static let resolution = 4096
    private static let table: [Float] = (0...Int(lobes) * resolution + 1).map { index in
        let x = Double(index) / Double(resolution)
        guard x > 0 else { return 1 }
        guard x < lobes else { return 0 }
        let angle = Double.pi * x
        return Float(lobes * sin(angle) * sin(angle / lobes) / (angle * angle))
    }
}
