import Faults
import FoundationEssentials
import HTTP
import JSON
import Providers
import Secrets
import Untrusted

/// One clip as servers have it that speak as OpenAI's videos API did, in the dialects that they really speak.
struct OpenAIVideoOrder: OrderAPI {
    private struct Creation: Encodable {
        var prompt: String
        var model: String?
        /// A text, as that API has it.
        var seconds: String
        var size: String
    }

    /// Orders of a list that are asked for.
    private static let listed = 100
    /// Bytes of an answer: a clip may be in it.
    private static let maximumBytes = 64 * 1024 * 1024

    let provider: String
    let baseVariable = "UNDERSTUDY_OPENAI_VIDEOS_URL"
    /// Ends in `/v1`.
    let base: String
    let key: Secret?
    let model: String?
    let clip: ClipOrder
    /// The value of `Idempotency-Key`.
    let headerKey: String

    private var size: String { "\(clip.width)x\(clip.height)" }

    func order() throws(ServiceError) -> HTTPRequest {
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

    func question(_ id: OrderID) -> HTTPRequest { request("GET", "/videos/\(id.pathSegment)") }

    func cancellation(_ id: OrderID) -> HTTPRequest? { request("DELETE", "/videos/\(id.pathSegment)") }

    func result(_ id: OrderID) -> HTTPRequest? { request("GET", "/videos/\(id.pathSegment)/content") }

    func list(page: String?) -> HTTPRequest? {
        page == nil ? request("GET", "/videos?limit=\(Self.listed)&order=desc") : nil
    }

    func report(_ response: HTTPResponse, of known: OrderID?) -> OrderReport? {
        OrderAnswer(response.body).flatMap { report($0, known) }
    }

    func listed(_ response: HTTPResponse) -> OrderList? {
        guard let page = try? JSONCoding.decode(JSONValue.self, from: response.body),
            let videos = page["data"]?.array ?? page.array
        else { return nil }
        let entries = videos.compactMap { video -> OrderList.Entry? in
            let prompt = video["prompt"]?.string
            if let prompt, !OrderAnswer.mayBe(prompt, clip.prompt) { return nil }
            let isSame =
                prompt == clip.prompt && isSame(video["size"], size) && isSame(video["seconds"], String(clip.seconds))
                && isSame(video["model"], model)
            return OrderList.Entry(
                report: OrderAnswer(video).flatMap { report($0, nil) }, createdAt: Self.time(of: video), isSame: isSame)
        }
        let isLast = page["has_more"].map { $0 == .bool(false) } ?? (videos.count < Self.listed)
        return OrderList(entries: entries, times: videos.map(Self.time), isLast: isLast)
    }

    private static func time(of video: JSONValue) -> Double? { OrderAnswer.seconds(video["created_at"]) }

    // MARK: -

    /// A member that a server leaves out of its list is no difference.
    private func isSame(_ shown: JSONValue?, _ sent: String?) -> Bool {
        guard let sent, let text = shown?.string ?? shown?.double.map({ String(Int(clamping: $0)) }) else {
            return true
        }
        return text == sent
    }

    private func report(_ answer: OrderAnswer, _ known: OrderID?) -> OrderReport? {
        let links = links(answer)
        // A server that answers with the clip itself need not name the order.
        guard let id = known ?? answer.id ?? (links.isEmpty ? nil : OrderID("answer")) else { return nil }
        let standing: OrderReport.Standing
        switch answer.word.map(OrderWord.init) {
        case .underWay: standing = .underWay
        case .succeeded: standing = .succeeded
        case .failed, .cancelled, .neverBegun: standing = .failed(failure(answer, id))
        case nil:
            if answer.hasError {
                // Of an order that is not known to be one, the answer is a refusal.
                guard known == nil, answer.id != nil else { return nil }
                standing = .failed(failure(answer, id))
            } else if !links.isEmpty {
                standing = .succeeded
            } else {
                guard known == nil else { return nil }
                standing = .underWay
            }
        }
        let content = "\(base)/videos/\(id.pathSegment)/content"
        return OrderReport(
            id: id, standing: standing, fraction: answer.fraction,
            outputs: links + (isOver(standing) ? [content] : []))
    }

    private func isOver(_ standing: OrderReport.Standing) -> Bool {
        if case .succeeded = standing { true } else { false }
    }

    /// Where the clip is, if the answer says.
    private func links(_ answer: OrderAnswer) -> [String] {
        let names = [
            "video_url", "videoUrl", "url", "output_url", "result_url", "download_url", "output", "outputs", "video",
            "videos", "unsigned_urls", "unsignedUrls", "result", "results", "content", "creations", "generations",
            "generated_videos", "data", "b64_json",
        ]
        for name in names {
            guard let value = answer[name] else { continue }
            let found = MediaLinks.find(.film, in: .object([name: value]), base: base)
            if !found.isEmpty { return found }
        }
        return []
    }

    private func failure(_ answer: OrderAnswer, _ id: OrderID) -> ServiceError {
        let (said, code) = answer.failure
        let word = answer.word ?? "failed"
        let readable = said.flatMap { RefusalWords.readable($0) }
        let words = readable ?? (word.lowercased() == "failed" ? "the clip failed" : "the clip was \(word.printable())")
        let text = "\(code ?? "") \(word) \(said ?? "")".lowercased()
        let isRefusal = [
            "moderat", "content_policy", "content policy", "content_filter", "safety", "nsfw", "sensitive",
        ].contains { text.contains($0) }
        return ServiceError(
            isRefusal ? .contentRejected : .unavailable, "\(provider): \(words)", retryable: false,
            detail: isRefusal ? words : nil, provider: provider, providerCode: code ?? word, requestID: id.text)
    }

    private func request(_ method: String, _ path: String, body: HTTPRequest.Body = .none) -> HTTPRequest {
        var request = HTTPRequest(
            method, "\(base)\(path)", headers: [:], body: body, sink: .memory(maximum: Self.maximumBytes))
        request.unpacksUnasked = true
        // Of questions and lists; the key goes to the same server alone.
        request.redirects = 3
        if let key { request.headers["Authorization"] = "Bearer \(key.reveal())" }
        if case .bytes = body { request.headers["Content-Type"] = "application/json" }
        return request
    }
}
