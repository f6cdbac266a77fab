// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A random number generator whose numbers depend on its seed alone (SplitMix64).
///
/// ```swift
/// var generator = SeededGenerator(for: "ChaosTests")
/// let service = services.randomElement(using: &generator)
/// ```
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    /// The seed of the sequence.
    package let seed: UInt64
    private var state: UInt64

    /// Creates a generator with a given seed.
    package init(seed: UInt64) {
        self.seed = seed
        state = seed
    }

    /// Creates a generator whose seed is `UNDERSTUDY_TEST_SEED`, or random, and prints the seed.
    ///
    /// - Parameter name: The suite or test, for the printed line.
    package init(for name: String) {
        let chosen = ProcessInfo.processInfo.environment["UNDERSTUDY_TEST_SEED"].flatMap(UInt64.init)
        self.init(seed: chosen ?? UInt64.random(in: 0...UInt64.max))
        print("\(name): UNDERSTUDY_TEST_SEED=\(seed)")
    }

    /// The next number of the sequence.
    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
