// SPDX-License-Identifier: Apache-2.0

import Foundation

@testable import Media

extension StereoSamples {
    /// Creates samples from a function of the sample's index.
    init(_ count: Int, _ rule: (Int) -> (Float, Float)) {
        self.init(silence: count)
        withMutableChannels { left, right in
            for index in 0..<count { (left[index], right[index]) = rule(index) }
        }
    }

    /// Creates the same sine in both channels.
    init(sine hertz: Double, decibels: Double, seconds: Double, phase: Double = 0) {
        let amplitude = pow(10, decibels / 20)
        self.init(Int(seconds * 48_000)) { index in
            let value = Float(amplitude * sin(2 * .pi * hertz * Double(index) / 48_000 + phase))
            return (value, value)
        }
    }

    /// The samples in pieces of irregular sizes, including an empty one.
    var pieces: [StereoSamples] {
        var (rest, pieces) = (self, [StereoSamples]())
        let sizes = [1, 63, 0, 64, 65, 999, 4800, 7, 12_345]
        while rest.count > 0 { pieces.append(rest.takeFirst(sizes[pieces.count % sizes.count])) }
        return pieces
    }

    func isSame(as other: StereoSamples) -> Bool { left == other.left && right == other.right }
}

/// The loudness meter's results for a sound that is added in pieces.
struct Measured: Equatable {
    let integrated: Double?
    let truePeak: Double?
    let range: Double

    init(_ pieces: StereoSamples...) throws { try self.init(pieces) }

    init(_ pieces: [StereoSamples]) throws {
        var meter = try LoudnessMeter()
        for piece in pieces { try meter.add(piece) }
        (integrated, truePeak, range) = (meter.integrated, meter.truePeak, meter.range)
    }
}

extension [Float] {
    /// The root mean square of a range of samples, in dBFS.
    func decibels(_ range: Range<Int>) -> Double {
        let square = self[range].reduce(0.0) { $0 + Double($1) * Double($1) } / Double(range.count)
        return 10 * log10(square)
    }

    /// The largest difference between adjacent samples.
    var largestStep: Float { zip(self, dropFirst()).map { abs($0 - $1) }.max() ?? 0 }
}

/// Deterministic white noise, -1 to 1.
struct Noise {
    private var state: UInt64 = 0x9E37_79B9_7F4A_7C15

    mutating func next() -> Float {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) / Float(Int32.max)
    }
}
