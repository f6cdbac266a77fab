// SPDX-License-Identifier: Apache-2.0

/// An audio sample rate.
package struct SampleRate: Sendable, Hashable {
    /// Samples per second, at least 1.
    package let hertz: Int

    /// Creates a sample rate. Values below 1 become 1.
    package init(_ hertz: Int) {
        self.hertz = max(hertz, 1)
    }

    /// The duration of a number of samples, in seconds.
    package func seconds(_ samples: Int) -> Double { Double(samples) / Double(hertz) }

    /// The sample nearest to a time in seconds. Saturates; 0 for NaN.
    package func samples(_ seconds: Double) -> Int { Int(clamping: (seconds * Double(hertz)).rounded()) }
}
