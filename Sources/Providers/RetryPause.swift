// SPDX-License-Identifier: Apache-2.0

import Calls
import Untrusted

/// The pause before a retry of a paid request.
package enum RetryPause {
    /// The longest pause, in seconds.
    private static let maximum = 60.0

    /// Returns the pause before the next attempt: at least what the provider asked for, and at least a random 0.25 to 1 second.
    ///
    /// - Parameter requested: The pause in seconds that the provider asked for; any number.
    /// - Returns: The pause in seconds; `nil` if it would pass the call's deadline, or is longer than a minute.
    package static func seconds(_ requested: Double?) -> Double? {
        let pause = max((requested ?? 0).clamped(to: 0...2 * maximum), Double.random(in: 0.25...1))
        if let deadline = CallContext.deadline, ContinuousClock.now + .clamping(seconds: pause) >= deadline {
            return nil
        }
        return pause <= maximum ? pause : nil
    }
}
