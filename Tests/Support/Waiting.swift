// SPDX-License-Identifier: Apache-2.0

/// The error of a condition that did not become true within its bound.
package struct WaitTimedOut: Error, CustomStringConvertible {
    /// Names the condition and the bound.
    package let description: String
}

/// Waits until a condition is true, and checks it every few milliseconds.
///
/// ```swift
/// try await until("the second order is sent") { try provider.orders.count == 2 }
/// ```
///
/// - Parameters:
///   - what: The condition in words, for the error.
///   - bound: How long to wait; generous, since only a failing test waits this long.
///   - condition: Checked at least once.
/// - Throws: `WaitTimedOut` after `bound`; what `condition` throws.
package func until(
    _ what: String, within bound: Duration = .seconds(60), isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    _ = try await firstValue(what, within: bound) { try await condition() ? true : nil }
}

/// Waits until a value is available, and checks for it every few milliseconds.
///
/// ```swift
/// let pid = try await firstValue("another process serves") { try? await servingPID() }
/// ```
///
/// - Parameters:
///   - what: The condition in words, for the error.
///   - bound: How long to wait; generous, since only a failing test waits this long.
///   - value: Called at least once; `nil` while there is no value.
/// - Returns: The first value that is not `nil`.
/// - Throws: `WaitTimedOut` after `bound`; what `value` throws.
package func firstValue<Value>(
    _ what: String, within bound: Duration = .seconds(60), isolation: isolated (any Actor)? = #isolation,
    _ value: () async throws -> Value?
) async throws -> Value {
    let end = ContinuousClock.now + bound
    while true {
        if let found = try await value() { return found }
        guard ContinuousClock.now < end else {
            throw WaitTimedOut(description: "timed out after \(bound): \(what)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}
