// SPDX-License-Identifier: Apache-2.0

// Conversions of untrusted numbers from headers, files and peers. `Int(Double)` and `Duration.seconds(Double)` trap on 1e30 and on NaN;
// these never do.

extension FixedWidthInteger {
    /// Creates the nearest representable integer, rounded toward zero; zero for NaN.
    ///
    /// ```swift
    /// Int(clamping: 1e30)  // Int.max
    /// ```
    package init(clamping value: Double) {
        if let exact = Self(exactly: value.rounded(.towardZero)) {
            self = exact
        } else if value.isNaN {
            self = 0
        } else {
            self = value < 0 ? .min : .max
        }
    }
}

extension Double {
    /// The value clamped to a range; the lower bound for NaN.
    package func clamped(to range: ClosedRange<Double>) -> Double {
        isNaN ? range.lowerBound : Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

extension Duration {
    /// The duration of an untrusted number of seconds; zero for negative values and NaN.
    ///
    /// - Parameters:
    ///   - seconds: any number.
    ///   - maximum: the longest result, in seconds; 30 days by default.
    package static func clamping(seconds: Double, maximum: Double = 30 * 86_400) -> Duration {
        // trusted: clamped on the same line
        .seconds(seconds.clamped(to: 0...maximum))
    }
}
