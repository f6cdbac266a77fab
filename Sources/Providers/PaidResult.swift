// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
import Untrusted

/// A result that a provider has produced and may have billed.
///
/// Fetching it may be retried; ordering it again would be paid for again.
///
/// ```swift
/// let result = PaidResult(provider: "replicate", id: "p1x")
/// let bytes = try await result.fetch { try await download(url) }
/// ```
package struct PaidResult: Sendable {
    /// The provider's name, for errors.
    private let provider: String
    /// The provider's ID of the order.
    private let id: String

    /// - Parameters:
    ///   - provider: The provider's name.
    ///   - id: The provider's ID of the order.
    package init(provider: String, id: String) {
        self.provider = provider
        self.id = id
    }

    /// Runs `body`, and retries it once after a retryable error.
    ///
    /// - Returns: The value that `body` returned.
    /// - Throws: A `ServiceError` that is not retryable and whose `chargeStatus` is `billed`.
    package func fetch<Result>(_ body: () async throws -> Result) async throws -> Result {
        var isFirst = true
        while true {
            do {
                return try await body()
            } catch let error as ServiceError {
                guard isFirst, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw undelivered(error)
                }
                isFirst = false
                try await Task.sleep(for: .clamping(seconds: pause))
            }
        }
    }

    /// Returns `error` as the failure of an order that was billed and delivered nothing usable; it is not retryable.
    package func undelivered(_ error: ServiceError) -> ServiceError {
        var undelivered = ServiceError(
            error.kind, "\(error.message); \(provider)'s \(id) has ended and is booked as billed", retryable: false,
            detail: error.detail, provider: provider, providerCode: error.providerCode, requestID: id)
        undelivered.chargeStatus = .billed
        return undelivered
    }
}
