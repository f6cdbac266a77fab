// Numbers from outside: a header, a file, a peer. `Int(Double)` and `Duration.seconds(Double)` trap on 1e30 and on NaN; these
// never do.

extension FixedWidthInteger {
    /// The nearest representable integer, rounded toward zero; zero for NaN.
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
    /// The value within a range; the lower bound for NaN.
    package func clamped(to range: ClosedRange<Double>) -> Double {
        isNaN ? range.lowerBound : Swift.min(Swift.max(self, range.lowerBound), range.upperBound)
    }
}

extension Duration {
    /// A duration of some seconds from outside: zero for negative values and NaN.
    ///
    /// - Parameters:
    ///   - seconds: any number.
    ///   - maximum: the longest result, in seconds; 30 days unless stated.
    package static func clamping(seconds: Double, maximum: Double = 30 * 86_400) -> Duration {
        // trusted: clamped on the same line
        .seconds(seconds.clamped(to: 0...maximum))
    }
}
