// SPDX-License-Identifier: Apache-2.0

package import HTTP
package import JSON
package import Secrets

/// A client for models hosted at Replicate.
///
/// ```swift
/// let client = ReplicateClient(base: "https://api.replicate.com", token: token, http: HTTPClient())
/// let order = client.order("owner/name", input: ["prompt": "a hill"], .image, timeout: 180)
/// let finished = try await order.finish()
/// ```
package struct ReplicateClient: Sendable {
    /// The provider's name in errors and price lists.
    package static let provider = "replicate"

    private let base: String
    private let token: Secret?
    private let http: HTTPClient
    private let intervals: OrderPollingIntervals

    /// - Parameters:
    ///   - base: The server's URL, without `/v1` and without a trailing slash.
    ///   - token: The API token. A missing token is reported by the first order, so that a service can start without it.
    ///   - http: The client that sends the requests.
    ///   - intervals: The polling intervals.
    package init(
        base: String, token: Secret?, http: HTTPClient, intervals: OrderPollingIntervals = OrderPollingIntervals()
    ) {
        self.base = base
        self.token = token
        self.http = http
        self.intervals = intervals
    }

    /// Prepares a prediction; `PaidOrder.finish` orders it.
    ///
    /// - Parameters:
    ///   - model: `owner/name` or `owner/name:version`.
    ///   - input: The model's input, a JSON object.
    ///   - kind: The kind of media that the model returns.
    ///   - timeout: The time for the whole order, in seconds; the prediction is cancelled when it has passed.
    package func order(
        _ model: String, input: JSONValue, _ kind: MediaLinks.Kind, timeout: Double
    ) -> PaidOrder<ReplicateOrder> {
        PaidOrder(
            ReplicateOrder(base: base, token: token, model: model, input: input, kind: kind), http: http,
            timeout: timeout, intervals: intervals)
    }

    /// Returns a download for the outputs of a prediction. Replicate deletes outputs after an hour.
    ///
    /// - Parameter timeout: The time for each output, in seconds.
    package func download(timeout: Double) -> OutputDownload {
        // Outputs are public URLs, so the token is not sent.
        OutputDownload(provider: Self.provider, base: base, http: http, timeout: timeout)
    }
}
