/// How long to wait after failures: a random part of a time that doubles.
struct Pause {
    /// Seconds.
    let first: Double
    let longest: Double
    private var failures = 0

    init(first: Double = 0.5, longest: Double = 60) {
        self.first = first
        self.longest = longest
    }

    /// Seconds until the next try.
    mutating func next(random: (ClosedRange<Double>) -> Double = { .random(in: $0) }) -> Double {
        let bound = min(longest, first * Double(1 << min(failures, 20)))
        failures += 1
        // Never at once.
        return random(bound / 4...bound)
    }

    mutating func reset() { failures = 0 }
}
