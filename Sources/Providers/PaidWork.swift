package import Faults
import FoundationEssentials
import Untrusted

/// What a provider has made and may have charged for.
package struct PaidWork: Sendable {
    /// For errors.
    private let provider: String
    /// The provider's id of the work.
    private let id: String

    package init(provider: String, id: String) {
        self.provider = provider
        self.id = id
    }

    /// Fetches it, twice where that helps: to have it made anew would be paid for again.
    ///
    /// - Throws: `ServiceError` that says so, and that is not to be retried.
    package func fetch<Result>(_ body: () async throws -> Result) async throws -> Result {
        var isFirst = true
        while true {
            do {
                return try await body()
            } catch let error as ServiceError {
                guard isFirst, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw lost(error)
                }
                isFirst = false
                try await Task.sleep(for: .clamping(seconds: pause))
            }
        }
    }

    /// An error after which the work is paid for, but not there.
    package func lost(_ error: ServiceError) -> ServiceError {
        var lost = ServiceError(
            error.kind, "\(error.message); \(provider)'s \(id) may have been billed", retryable: false,
            detail: error.detail, provider: provider, providerCode: error.providerCode, requestID: id)
        lost.order = .billed
        return lost
    }
}
