// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Smooths the gain that each sample needs without exceeding any of them: the lowest gain of the samples ahead,
/// released slowly, averaged over as many samples.
struct LimiterGain: Sendable {
    /// Steps of a gain of 1: integers keep the running sum exact, so that 1 stays 1.
    private static let unit = 1 << 30
    /// A gain above this counts as 1.
    private static let nearlyOne = 1 - 1e-5

    /// Samples by which a result lags behind its input.
    let lookAhead: Int
    /// Fraction of the missing gain that is recovered with each sample.
    private let recovery: Double
    /// Candidates for the lowest gain, ascending, in a ring buffer.
    private var lowest: [(gain: Double, index: Int)]
    private var first = 0
    private var count = 0
    private var index = 0
    private var released = 1.0
    private var averaged: [Int]
    private var slot = 0
    private var sum: Int
    private let full: Int

    /// - Parameters:
    ///   - lookAhead: Samples.
    ///   - release: Samples until 63 % of the gain are recovered.
    init(lookAhead: Int, release: Int) {
        self.lookAhead = lookAhead
        recovery = 1 - exp(-1 / Double(release))
        lowest = Array(repeating: (1, 0), count: lookAhead + 2)
        averaged = Array(repeating: Self.unit, count: lookAhead + 1)
        full = Self.unit * (lookAhead + 1)
        sum = full
    }

    /// Takes the gain that a sample needs, 0 to 1.
    ///
    /// - Returns: The gain of the sample `lookAhead` earlier.
    mutating func next(_ needed: Double) -> Float {
        let minimum = slidingMinimum(needed)
        let risen = released + (1 - released) * recovery
        released = min(minimum, risen > Self.nearlyOne ? 1 : risen)
        let steps = Int(released * Double(Self.unit))
        sum += steps - averaged[slot]
        averaged[slot] = steps
        slot = slot == lookAhead ? 0 : slot + 1
        return sum == full ? 1 : Float(Double(sum) / Double(full))
    }

    /// The lowest of the last gains, including the given one.
    private mutating func slidingMinimum(_ gain: Double) -> Double {
        while count > 0, lowest[ring(count - 1)].gain >= gain { count -= 1 }
        lowest[ring(count)] = (gain, index)
        count += 1
        if lowest[first].index < index - lookAhead {
            first = ring(1)
            count -= 1
        }
        index += 1
        return lowest[first].gain
    }

    private func ring(_ offset: Int) -> Int {
        let position = first + offset
        return position < lowest.count ? position : position - lowest.count
    }
}
