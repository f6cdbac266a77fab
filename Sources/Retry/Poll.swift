/// Asks until a condition holds, with a pause after each time that it does not.
///
/// ```swift
/// guard try await poll(Backoff(every: .milliseconds(10)), within: .seconds(20), until: { isServing() }) else { throw late }
/// ```
///
/// - Parameters:
///   - backoff: the pauses.
///   - patience: how long to go on asking; without an end if absent. The condition is asked at least once, and the last time after
///     the pause in which the patience ended.
///   - clock: by which the patience passes and the pauses are waited out.
/// - Returns: `false` if the condition did not hold within the patience.
/// - Throws: what `condition` throws; `CancellationError`.
@discardableResult
package func poll<C: Clock>(
    _ backoff: Backoff, within patience: Duration? = nil, clock: C = ContinuousClock(),
    isolation: isolated (any Actor)? = #isolation, until condition: () async throws -> Bool
) async throws -> Bool where C.Duration == Duration {
    var backoff = backoff
    let end = patience.map { clock.now.advanced(by: $0) }
    while try await !condition() {
        if let end, clock.now >= end { return false }
        try await clock.sleep(for: backoff.next())
    }
    return true
}
