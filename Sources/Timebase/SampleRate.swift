/// Samples per second.
package struct SampleRate: Sendable, Hashable {
    /// At least 1.
    package let hertz: Int

    /// A rate; less than 1 counts as 1.
    package init(_ hertz: Int) {
        self.hertz = max(hertz, 1)
    }

    /// The duration of a number of samples, in seconds.
    package func seconds(_ samples: Int) -> Double { Double(samples) / Double(hertz) }

    /// The nearest sample of a moment; saturates, and is 0 for NaN.
    package func samples(_ seconds: Double) -> Int { Int(clamping: (seconds * Double(hertz)).rounded()) }
}
