// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hashing

/// A random number generator that is seeded by a text (SplitMix64, seeded by SHA-256): the same text gives the same numbers.
struct TextSeededRandom: RandomNumberGenerator {
    private var state: UInt64

    init(_ text: String) {
        var seed: UInt64 = 0
        for byte in SHA256.hash(Data(text.utf8)).prefix(8) { seed = seed << 8 | UInt64(byte) }
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }

    /// Returns a random number in a closed range.
    mutating func between(_ low: Double, _ high: Double) -> Double { Double.random(in: low...high, using: &self) }
}
