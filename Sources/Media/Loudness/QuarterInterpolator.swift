// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Interpolates three values between two samples with a windowed sinc.
struct QuarterInterpolator: Sendable {
    /// Maximum factor by which an interpolated value can exceed the samples around it.
    let maximumGain: Float
    private let reach: Int
    /// For each tap, the weights at a quarter, a half and three quarters of a sample.
    private let weights: [Float]

    /// - Parameter reach: Samples on either side that contribute.
    init(reach: Int) {
        var weights = [Float](repeating: 0, count: 6 * reach)
        var maximumGain = 1.0
        for phase in 0..<3 {
            let row = (0..<2 * reach).map { tap in
                let angle = .pi * (Double(tap - reach + 1) - Double(phase + 1) / 4)
                return sin(angle) / angle * (0.5 + 0.5 * cos(angle / Double(reach)))
            }
            let sum = row.reduce(0, +)
            for (tap, weight) in row.enumerated() { weights[3 * tap + phase] = Float(weight / sum) }
            maximumGain = max(maximumGain, row.reduce(0) { $0 + abs($1) } / sum)
        }
        self.weights = weights
        self.maximumGain = Float(maximumGain)
        self.reach = reach
    }

    /// Raises eight peaks to the highest amplitude between each of eight samples and the next one.
    func raise(_ peaks: UnsafeMutablePointer<Float>, from samples: UnsafePointer<Float>) {
        var (quarter, half, threeQuarters) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
        weights.withUnsafeBufferPointer { weights in
            for tap in 0..<2 * reach {
                let eight = UnsafeRawPointer(samples + (tap - reach + 1)).loadUnaligned(as: SIMD8<Float>.self)
                quarter += eight * weights[3 * tap]
                half += eight * weights[3 * tap + 1]
                threeQuarters += eight * weights[3 * tap + 2]
            }
        }
        for lane in 0..<8 {
            peaks[lane] = max(peaks[lane], abs(quarter[lane]), abs(half[lane]), abs(threeQuarters[lane]))
        }
    }
}
