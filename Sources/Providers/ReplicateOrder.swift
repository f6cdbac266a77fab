package import Faults
import FoundationEssentials
package import HTTP
import JSON
import Secrets

/// One wish as Replicate's API has it.
///
/// Predictions are asked for by their id, never by the URLs of an answer: the token goes to the configured server alone.
package struct ReplicateOrder: OrderAPI {
    private struct Creation: Encodable {
        var version: String?
        var input: JSONValue
    }

    /// Bytes of an answer: results may be in it.
    private static let maximumBytes = 64 * 1024 * 1024

    package let provider = ReplicateClient.provider
    package let baseVariable = "UNDERSTUDY_REPLICATE_BASE_URL"
    let base: String
    let token: Secret?
    /// `owner/name` or `owner/name:version`.
    let model: String
    let input: JSONValue
    let kind: MediaLinks.Kind

    package func order() throws(ServiceError) -> HTTPRequest {
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

    package func question(_ id: OrderID) throws(ServiceError) -> HTTPRequest {
        try request("GET", "/v1/predictions/\(id.pathSegment)")
    }

    package func cancellation(_ id: OrderID) throws(ServiceError) -> HTTPRequest? {
        try request("POST", "/v1/predictions/\(id.pathSegment)/cancel")
    }

    package func list(page: String?) throws(ServiceError) -> HTTPRequest? {
        try request("GET", "/v1/predictions\(page.map { "?\($0)" } ?? "")")
    }

    package func report(_ response: HTTPResponse, of id: OrderID?) -> OrderReport? {
        guard let value = try? JSONCoding.decode(JSONValue.self, from: response.body) else { return nil }
        return ReplicatePrediction(value, kind)?.report(id)
    }

    package func listed(_ response: HTTPResponse) -> OrderList? {
        guard let page = try? JSONCoding.decode(JSONValue.self, from: response.body), let parts = try? parts(),
            let results = page["results"]?.array
        else { return nil }
        let entries = results.compactMap { value -> OrderList.Entry? in
            let prediction = ReplicatePrediction(value, kind)
            let shown = prediction?.input
            if let prompt = shown?["prompt"]?.string, !OrderAnswer.mayBe(prompt, input["prompt"]?.string) { return nil }
            let isSame = shown.map { OrderAnswer.contains($0, input) } ?? false
            return OrderList.Entry(
                report: prediction?.report(nil), createdAt: Self.time(of: value),
                isSame: isSame && prediction.map { isOf(parts, $0) } ?? false)
        }
        let next = page["next"] ?? .null
        return OrderList(
            entries: entries, times: results.map(Self.time), next: Self.query(of: next.string), isLast: next == .null)
    }

    private static func time(of value: JSONValue) -> Double? { OrderAnswer.seconds(value["created_at"]) }

    // MARK: -

    private func isOf(_ parts: (name: String, version: String?), _ prediction: ReplicatePrediction) -> Bool {
        if let version = parts.version { return prediction.version == version }
        return prediction.model?.lowercased() == parts.name.lowercased()
    }

    /// The query of the next page's URL: its host is not asked.
    private static func query(of url: String?) -> String? {
        guard let url, let mark = url.firstIndex(of: "?") else { return nil }
        let query = url[url.index(after: mark)...]
        guard query.utf8.count <= 1000, query.utf8.allSatisfy({ (0x21...0x7E).contains($0) && $0 != 0x23 }) else {
            return nil
        }
        return String(query)
    }

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
        request.unpacksUnasked = true
        // Of questions; the token goes to the same server alone.
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
