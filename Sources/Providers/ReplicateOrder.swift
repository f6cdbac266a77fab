// SPDX-License-Identifier: Apache-2.0

package import Faults
import FoundationEssentials
package import HTTP
import JSON
import Secrets

/// One order in Replicate's API: a prediction.
///
/// Status requests use the prediction's ID, never a URL from a response, so that the token is sent to the configured server only.
package struct ReplicateOrder: OrderAPI {
    private struct Creation: Encodable {
        var version: String?
        var input: JSONValue
    }

    /// The maximum size of a response, in bytes; results may be inline.
    private static let maximumBytes = 64 * 1024 * 1024

    /// The provider's name in errors and price lists.
    package let provider = ReplicateClient.provider
    /// The environment variable of the server's URL.
    package let baseVariable = "UNDERSTUDY_REPLICATE_BASE_URL"
    let base: String
    let token: Secret?
    /// `owner/name` or `owner/name:version`.
    let model: String
    let input: JSONValue
    let kind: MediaLinks.Kind

    /// `POST /v1/models/{owner}/{name}/predictions`, or `POST /v1/predictions` for a version.
    package func orderRequest() throws(ServiceError) -> HTTPRequest {
        let (name, version) = try parts()
        do {
            let body = try JSONCoding.encode(Creation(version: version, input: input))
            return try request(
                "POST", version == nil ? "/v1/models/\(name)/predictions" : "/v1/predictions", body: .bytes(body))
        } catch let error as ServiceError {
            throw error
        } catch {
            throw ServiceError(.invalidParams, "replicate: the input is not JSON: \(error)", provider: provider)
        }
    }

    /// `GET /v1/predictions/{id}`.
    package func statusRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest {
        try request("GET", "/v1/predictions/\(id.pathSegment)")
    }

    /// `POST /v1/predictions/{id}/cancel`.
    package func cancellationRequest(_ id: OrderID) throws(ServiceError) -> HTTPRequest? {
        try request("POST", "/v1/predictions/\(id.pathSegment)/cancel")
    }

    /// `GET /v1/predictions`.
    package func listRequest(page: String?) throws(ServiceError) -> HTTPRequest? {
        try request("GET", "/v1/predictions\(page.map { "?\($0)" } ?? "")")
    }

    /// Reads a prediction.
    package func report(_ response: HTTPResponse, of id: OrderID?) -> OrderReport? {
        guard let value = try? JSONCoding.decode(JSONValue.self, from: response.body) else { return nil }
        return ReplicatePrediction(value, kind)?.report(id)
    }

    /// Reads a page of predictions. Predictions with another prompt are left out.
    package func orderList(_ response: HTTPResponse) -> OrderList? {
        guard let page = try? JSONCoding.decode(JSONValue.self, from: response.body), let parts = try? parts(),
            let results = page["results"]?.array
        else { return nil }
        let entries = results.compactMap { value -> OrderList.Entry? in
            let prediction = ReplicatePrediction(value, kind)
            let listed = prediction?.input
            if let prompt = listed?["prompt"]?.string, !OrderResponse.mayMatch(prompt, input["prompt"]?.string) {
                return nil
            }
            let hasSameInput = listed.map { OrderResponse.contains($0, input) } ?? false
            return OrderList.Entry(
                report: prediction?.report(nil), createdAt: Self.time(of: value),
                isMatch: hasSameInput && prediction.map { isModel(parts, $0) } ?? false)
        }
        let next = page["next"] ?? .null
        return OrderList(
            entries: entries, times: results.map(Self.time), next: Self.query(of: next.string), isLast: next == .null)
    }

    private static func time(of value: JSONValue) -> Double? { OrderResponse.seconds(value["created_at"]) }

    // MARK: - Requests

    /// Whether a prediction was made by the model or version of this order.
    private func isModel(_ parts: (name: String, version: String?), _ prediction: ReplicatePrediction) -> Bool {
        if let version = parts.version { return prediction.version == version }
        return prediction.model?.lowercased() == parts.name.lowercased()
    }

    /// The query of the next page's URL. The URL's host is ignored.
    private static func query(of url: String?) -> String? {
        guard let url, let queryStart = url.firstIndex(of: "?") else { return nil }
        let query = url[url.index(after: queryStart)...]
        guard query.utf8.count <= 1000, query.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }) else {
            return nil
        }
        return String(query)
    }

    /// The model's name and version.
    private func parts() throws(ServiceError) -> (name: String, version: String?) {
        let parts = model.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let names = parts.first.map { $0.split(separator: "/", omittingEmptySubsequences: false) } ?? []
        guard let name = parts.first, names.count == 2,
            (names + parts.dropFirst().map { $0[...] }).allSatisfy(Self.isName)
        else {
            throw ServiceError(
                .invalidParams, "replicate: expected a model as owner/name or owner/name:version, found \"\(model)\"",
                provider: provider)
        }
        return (name, parts.count == 2 ? parts.last : nil)
    }

    private func request(
        _ method: String, _ path: String, body: HTTPRequest.Body = .none
    ) throws(ServiceError) -> HTTPRequest {
        guard let token else {
            throw ServiceError(
                .unauthorized, "replicate: set REPLICATE_API_TOKEN or REPLICATE_API_TOKEN_FILE", provider: provider)
        }
        var request = HTTPRequest(
            method, "\(base)\(path)", headers: ["Authorization": "Bearer \(token.reveal())"], body: body,
            sink: .memory(maximum: Self.maximumBytes))
        request.acceptsUnsolicitedCompression = true
        // Status requests follow redirects; the token is sent to the same server only.
        request.redirects = 3
        if case .bytes = body { request.headers["Content-Type"] = "application/json" }
        return request
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x2E
                    || $0 == 0x5F
            }
    }
}
