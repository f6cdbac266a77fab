// SPDX-License-Identifier: Apache-2.0

/// Polls a condition until it holds, pausing between evaluations.
///
/// ```swift
/// let isServing = try await poll(Backoff(every: .milliseconds(10)), within: .seconds(20)) { await replica.isServing }
/// ```
///
/// - Parameters:
///   - backoff: the pauses between evaluations.
///   - timeout: how long to poll; forever if absent. The condition is evaluated at least once, and once more after the pause during
///     which the timeout expired.
///   - clock: measures the timeout and the pauses.
/// - Returns: `false` if the condition did not hold within the timeout.
/// - Throws: what `condition` throws; `CancellationError`.
@discardableResult
package func poll<C: Clock>(
    _ backoff: Backoff, within timeout: Duration? = nil, clock: C = ContinuousClock(),
    isolation: isolated (any Actor)? = #isolation, until condition: () async throws -> Bool
) async throws -> Bool where C.Duration == Duration {
    var backoff = backoff
    let end = timeout.map { clock.now.advanced(by: $0) }
    while try await !condition() {
        if let end, clock.now >= end { return false }
        try await clock.sleep(for: backoff.next())
    }
    return true
}
