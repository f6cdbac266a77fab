// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import JSON
import Providers
import Secrets
import Untrusted

/// One order in OpenAI's former videos API, with the dialects of the servers that implement it.
struct OpenAIVideoOrder: OrderAPI {
    private struct Creation: Encodable {
        var prompt: String
        var model: String?
        /// A string in this API.
        var seconds: String
        var size: String
    }

    /// The number of orders per page of the list.
    private static let pageSize = 100
    /// The maximum size of a response, in bytes; the clip may be inline.
    private static let maximumBytes = 64 * 1024 * 1024

    let provider: String
    let baseVariable = "UNDERSTUDY_OPENAI_VIDEOS_URL"
    /// The base URL; ends in `/v1`.
    let base: String
    let key: Secret?
    let model: String?
    let clip: ClipOrder
    /// The value of the header `Idempotency-Key`.
    let headerKey: String

    private var size: String { "\(clip.width)x\(clip.height)" }

    func orderRequest() throws(ServiceError) -> HTTPRequest {
        let creation = Creation(prompt: clip.prompt, model: model, seconds: String(clip.seconds), size: size)
        let body: Data
        do {
            body = try JSONCoding.encode(creation)
        } catch {
            throw ServiceError(.invalidParams, "\(provider): the order is not JSON: \(error)", provider: provider)
        }
        var request = request("POST", "/videos", body: .bytes(body))
        request.headers["Idempotency-Key"] = headerKey
        return request
    }

    func statusRequest(_ id: OrderID) -> HTTPRequest { request("GET", "/videos/\(id.pathSegment)") }

    func cancellationRequest(_ id: OrderID) -> HTTPRequest? { request("DELETE", "/videos/\(id.pathSegment)") }

    func resultRequest(_ id: OrderID) -> HTTPRequest? { request("GET", "/videos/\(id.pathSegment)/content") }

    func listRequest(page: String?) -> HTTPRequest? {
        page == nil ? request("GET", "/videos?limit=\(Self.pageSize)&order=desc") : nil
    }

    func report(_ response: HTTPResponse, of known: OrderID?) -> OrderReport? {
        OrderResponse(response.body).flatMap { report($0, known) }
    }

    func orderList(_ response: HTTPResponse) -> OrderList? {
        guard let page = try? JSONCoding.decode(JSONValue.self, from: response.body),
            let videos = page["data"]?.array ?? page.array
        else { return nil }
        let entries = videos.compactMap { video -> OrderList.Entry? in
            let prompt = video["prompt"]?.string
            if let prompt, !OrderResponse.mayMatch(prompt, clip.prompt) { return nil }
            let isMatch =
                prompt == clip.prompt && isEqual(video["size"], size)
                && isEqual(video["seconds"], String(clip.seconds)) && isEqual(video["model"], model)
            return OrderList.Entry(
                report: OrderResponse(video).flatMap { report($0, nil) }, createdAt: Self.time(of: video),
                isMatch: isMatch)
        }
        let isLast = page["has_more"].map { $0 == .bool(false) } ?? (videos.count < Self.pageSize)
        return OrderList(entries: entries, times: videos.map(Self.time), isLast: isLast)
    }

    private static func time(of video: JSONValue) -> Double? { OrderResponse.seconds(video["created_at"]) }

    // MARK: -

    /// Compares a listed member; one that the server leaves out of its list counts as equal.
    private func isEqual(_ listed: JSONValue?, _ sent: String?) -> Bool {
        guard let sent, let text = listed?.string ?? listed?.double.map({ String(Int(clamping: $0)) }) else {
            return true
        }
        return text == sent
    }

    private func report(_ response: OrderResponse, _ known: OrderID?) -> OrderReport? {
        let links = links(response)
        // A server that responds with the clip itself need not report an ID.
        guard let id = known ?? response.id ?? (links.isEmpty ? nil : OrderID("answer")) else { return nil }
        let state: OrderReport.State
        switch response.statusWord.map(OrderStatusWord.init) {
        case .inProgress: state = .inProgress
        case .succeeded: state = .succeeded
        case .failed, .cancelled, .notStarted: state = .failed(failure(response, id))
        case nil:
            if response.hasError {
                // Without an ID the error rejects the order or the status request.
                guard known == nil, response.id != nil else { return nil }
                state = .failed(failure(response, id))
            } else if !links.isEmpty {
                state = .succeeded
            } else {
                guard known == nil else { return nil }
                state = .inProgress
            }
        }
        let content = "\(base)/videos/\(id.pathSegment)/content"
        return OrderReport(
            id: id, state: state, fraction: response.fraction,
            outputs: links + (hasSucceeded(state) ? [content] : []))
    }

    private func hasSucceeded(_ state: OrderReport.State) -> Bool {
        if case .succeeded = state { true } else { false }
    }

    /// The URLs of the clip in a response; empty if it contains none.
    private func links(_ response: OrderResponse) -> [String] {
        let names = [
            "video_url", "videoUrl", "url", "output_url", "result_url", "download_url", "output", "outputs", "video",
            "videos", "unsigned_urls", "unsignedUrls", "result", "results", "content", "creations", "generations",
            "generated_videos", "data", "b64_json",
        ]
        for name in names {
            guard let value = response[name] else { continue }
            let found = MediaLinks.find(.video, in: .object([name: value]), base: base)
            if !found.isEmpty { return found }
        }
        return []
    }

    private func failure(_ response: OrderResponse, _ id: OrderID) -> ServiceError {
        let (message, code) = response.failure
        let word = response.statusWord ?? "failed"
        let readable = message.flatMap { ErrorClassification.readable($0) }
        let end = word.lowercased() == "failed" ? "failed" : "ended with status \(word.printable())"
        let text = readable ?? "the order \(end)"
        let searchable = "\(code ?? "") \(word) \(message ?? "")".lowercased()
        let isRejected = [
            "moderat", "content_policy", "content policy", "content_filter", "safety", "nsfw", "sensitive",
        ].contains { searchable.contains($0) }
        return ServiceError(
            isRejected ? .contentRejected : .unavailable, "\(provider): \(text)", retryable: false,
            detail: isRejected ? text : nil, provider: provider, providerCode: code ?? word, requestID: id.text)
    }

    private func request(_ method: String, _ path: String, body: HTTPRequest.Body = .none) -> HTTPRequest {
        var request = HTTPRequest(
            method, "\(base)\(path)", headers: [:], body: body, sink: .memory(maximum: Self.maximumBytes))
        request.acceptsUnsolicitedCompression = true
        // Status requests and lists follow redirects; the key is sent to the same server only.
        request.redirects = 3
        if let key { request.headers["Authorization"] = "Bearer \(key.reveal())" }
        if case .bytes = body { request.headers["Content-Type"] = "application/json" }
        return request
    }
}
