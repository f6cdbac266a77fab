import Calls
import Untrusted

/// How long to wait before a second try.
package enum RetryPause {
    /// The longest wait in seconds, whatever a provider asks for.
    private static let longest = 60.0

    /// - Parameter told: seconds that the provider asked for; any number.
    /// - Returns: `nil` if waiting would pass the call's deadline, or is longer than a minute.
    package static func seconds(_ told: Double?) -> Double? {
        let pause = max((told ?? 0).clamped(to: 0...2 * longest), Double.random(in: 0.25...1))
        if let deadline = CallContext.deadline, ContinuousClock.now + .clamping(seconds: pause) >= deadline {
            return nil
        }
        return pause <= longest ? pause : nil
    }
}
