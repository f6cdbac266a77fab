// SPDX-License-Identifier: Apache-2.0

import Retry

/// The pauses between the exit of a child and its restart, which grow exponentially with short runs in a row.
struct RestartBackoff {
    /// The length from which a run does not count as a failed start.
    private static let longRun = Duration.seconds(10)

    /// The number of short runs in a row.
    private var failures = 0

    /// Records a run.
    ///
    /// - Parameter length: the duration of the run.
    /// - Returns: the pause before the next run.
    mutating func pause(afterRunOf length: Duration) -> Duration {
        failures = length > Self.longRun ? 0 : failures + 1
        return Self.pause(failures: failures)
    }

    /// The pause after a number of short runs in a row; 0 after a long run.
    static func pause(failures: Int) -> Duration {
        backoff.pause(after: failures + 1)
    }

    private static let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
}
