import Retry

/// How long a child that ended is left alone before it is started again.
struct RestartBackOff {
    /// A run of at least this length is no failure to start.
    private static let longRun = Duration.seconds(10)

    /// Short runs in a row.
    private var failures = 0

    /// A run has ended.
    ///
    /// - Parameter length: of the run.
    /// - Returns: until the next one.
    mutating func pause(afterRunOf length: Duration) -> Duration {
        failures = length > Self.longRun ? 0 : failures + 1
        return Self.pause(failures: failures)
    }

    /// - Parameter failures: short runs in a row, 0 after a long one.
    static func pause(failures: Int) -> Duration {
        backoff.pause(after: failures + 1)
    }

    private static let backoff = Backoff(first: .milliseconds(100), longest: .seconds(5))
}
