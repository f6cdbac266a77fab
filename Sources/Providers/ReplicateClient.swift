package import HTTP
package import JSON
package import Secrets

/// Runs models at Replicate.
package struct ReplicateClient: Sendable {
    package static let provider = "replicate"

    private let base: String
    private let token: Secret?
    private let http: HTTPClient
    private let pauses: OrderPauses

    /// - Parameters:
    ///   - base: without `/v1` and without a slash at the end.
    ///   - token: none is an error of the first use, so that a service can start without it.
    package init(base: String, token: Secret?, http: HTTPClient, pauses: OrderPauses = OrderPauses()) {
        self.base = base
        self.token = token
        self.http = http
        self.pauses = pauses
    }

    /// A prediction that is not ordered yet.
    ///
    /// - Parameters:
    ///   - model: `owner/name` or `owner/name:version`.
    ///   - input: an object, as the model wants it.
    ///   - kind: of the result.
    ///   - timeout: seconds for everything; the prediction is cancelled when they have passed.
    package func order(
        _ model: String, input: JSONValue, _ kind: MediaLinks.Kind, timeout: Double
    ) -> PaidOrder<ReplicateOrder> {
        PaidOrder(
            ReplicateOrder(base: base, token: token, model: model, input: input, kind: kind), http: http,
            timeout: timeout, pauses: pauses)
    }

    /// Fetches what a prediction made; to be done at once, since it is kept for an hour.
    package func download(timeout: Double) -> OutputDownload {
        // Without the token: results are public.
        OutputDownload(provider: Self.provider, base: base, http: http, timeout: timeout)
    }
}
