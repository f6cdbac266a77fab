// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Generates random ids of traces and spans.
///
/// A SplitMix64 generator of the process: the system's generator costs a system call per number, and every call needs several.
enum TraceIDGenerator {
    private static let state = Atomic<UInt64>(UInt64.random(in: 0...UInt64.max))

    /// - Returns: a random number other than 0.
    static func next() -> UInt64 {
        while true {
            var number = state.wrappingAdd(0x9E37_79B9_7F4A_7C15, ordering: .relaxed).newValue
            number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
            number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
            number ^= number >> 31
            if number != 0 { return number }
        }
    }
}
