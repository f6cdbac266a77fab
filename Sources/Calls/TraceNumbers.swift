import Synchronization

/// Random numbers for traces and their spans, from a generator of the process (SplitMix64): the system's own costs a system call for
/// each number, and every call needs some.
enum TraceNumbers {
    private static let state = Atomic<UInt64>(UInt64.random(in: 0...UInt64.max))

    /// - Returns: not 0.
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
