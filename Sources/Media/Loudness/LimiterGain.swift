import Glibc

/// Turns the gain that each sample needs into one that moves smoothly and is never above any of them: the lowest gain of the
/// samples ahead, let go slowly, averaged over as many samples.
struct LimiterGain: Sendable {
    /// Steps of a gain of 1: whole numbers keep the running sum exact, so that 1 stays 1.
    private static let unit = 1 << 30
    /// A gain this near to 1 is 1.
    private static let nearly = 1 - 1e-5

    /// Samples by which a result lags behind what it was told.
    let lookAhead: Int
    /// Gain regained in each sample, of what is missing.
    private let rise: Double
    /// The gains that may still become the lowest one, rising, in a ring.
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
    ///   - lookAhead: samples.
    ///   - release: samples until 63 % of the gain are back.
    init(lookAhead: Int, release: Int) {
        self.lookAhead = lookAhead
        rise = 1 - exp(-1 / Double(release))
        lowest = Array(repeating: (1, 0), count: lookAhead + 2)
        averaged = Array(repeating: Self.unit, count: lookAhead + 1)
        full = Self.unit * (lookAhead + 1)
        sum = full
    }

    /// Takes the gain that a sample needs, 0 to 1. -> the gain of the sample `lookAhead` earlier.
    mutating func next(_ needed: Double) -> Float {
        let held = hold(needed)
        let risen = released + (1 - released) * rise
        released = min(held, risen > Self.nearly ? 1 : risen)
        let steps = Int(released * Double(Self.unit))
        sum += steps - averaged[slot]
        averaged[slot] = steps
        slot = slot == lookAhead ? 0 : slot + 1
        return sum == full ? 1 : Float(Double(sum) / Double(full))
    }

    /// -> the lowest of the last gains.
    private mutating func hold(_ gain: Double) -> Double {
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
        let place = first + offset
        return place < lowest.count ? place : place - lowest.count
    }
}
