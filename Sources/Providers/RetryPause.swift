import JSONRPC

/// How long to wait before a second try.
package enum RetryPause {
    /// Seconds that are waited at the most, whatever a provider says.
    private static let longest = 60.0

    /// - Parameter told: seconds that the provider asked for.
    /// - Returns: `nil` where waiting would pass the call's deadline, or is longer than anybody waits here.
    package static func seconds(_ told: Double?) -> Double? {
        let pause = max(told ?? 0, Double.random(in: 0.25...1))
        if let deadline = CallContext.deadline, ContinuousClock.now + .seconds(pause) >= deadline { return nil }
        return pause <= longest ? pause : nil
    }
}
