import Contracts
import FoundationEssentials
import HTTP
import JSONRPC
import Providers
import ServiceKit
import Untrusted

/// Servers that speak as OpenAI's videos API did: create, ask, fetch, delete.
struct OpenAIVideos: ClipMaker {
    private static let maximumBytes = 2 * 1024 * 1024 * 1024

    private struct Creation: Encodable {
        var prompt: String
        var model: String?
        /// A text, as that API has it.
        var seconds: String
        var size: String
    }

    private struct Video: Decodable {
        enum Status: String, Decodable {
            case queued, completed, failed
            case inProgress = "in_progress"
        }

        var id: String
        var status: Status
        var progress: Double?
        var error: JSONValue?
    }

    let name = "openai-videos"
    var identity: String { "\(name) \(base) \(model ?? "")" }
    /// Ends in `/v1`.
    let base: String
    let key: Secret?
    let model: String?
    let lengths: ClipLengths
    /// Seconds for one clip.
    let timeout: Double
    let http: HTTPClient
    let prices: PriceList
    /// Seconds between two questions.
    var pauses: (first: Double, longest: Double) = (0.5, 5)

    func make(
        _ order: ClipOrder, to path: String, note: OrderNote, progress: @Sendable (Double) -> Void
    ) async throws -> MadeClip {
        var polling = OrderPolling(timeout: timeout, first: pauses.first, longest: pauses.longest)
        var video = note.known == nil ? try await create(order, note) : nil
        let id = video?.id ?? note.known ?? ""
        note.keep(id)
        do {
            while video?.status != .completed {
                if let failed = video, failed.status == .failed { throw failure(failed) }
                progress((video?.progress ?? 0) / 100)
                guard try await polling.pause() else {
                    throw ServiceError(
                        .timeout, "\(name): no clip after \(Int(clamping: timeout)) s", provider: name,
                        requestID: id)
                }
                do {
                    video = try await self.video(request("GET", "/videos/\(id)"))
                } catch let error as ServiceError where error.retryable {
                    polling.wait(atLeast: error.retryAfter)
                }
            }
        } catch {
            guard video?.status != .failed else { throw error }
            await delete(id)
            guard var failure = error as? ServiceError else { throw error }
            // The order was taken, and may be billed up to its end.
            failure.order = .unknown
            throw failure
        }
        var content = request("GET", "/videos/\(id)/content")
        content.sink = .file(path, maximum: Self.maximumBytes)
        content.redirects = 3
        content.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        let ready = content
        try await PaidWork(provider: name, id: id).fetch { _ = try await answer(to: ready) }
        return MadeClip(
            requestID: id, bytes: size(of: path), cost: price(order))
    }

    private func create(_ order: ClipOrder, _ note: OrderNote) async throws -> Video {
        let creation = Creation(
            prompt: order.prompt, model: model, seconds: String(order.seconds), size: "\(order.width)x\(order.height)")
        var request = request("POST", "/videos", body: .bytes(try JSONCoding.encode(creation)))
        request.headers["Idempotency-Key"] = note.headerKey
        request.mayReuseConnection = false
        return try await video(request)
    }

    private func failure(_ video: Video) -> ServiceError {
        let code = video.error?["code"]?.string
        let words = String((video.error?["message"]?.string ?? "the clip failed").prefix(1000))
        let isRefusal = ["moderation", "content_policy", "safety"].contains { (code ?? "").contains($0) }
        return ServiceError(
            isRefusal ? .contentRejected : .unavailable, "\(name): \(words)", retryable: false,
            detail: isRefusal ? words : nil, provider: name, providerCode: code, requestID: video.id)
    }

    /// Ends the work there, also where this task is cancelled itself.
    private func delete(_ id: String) async {
        var request = request("DELETE", "/videos/\(id)")
        request.timeouts = HTTPRequest.Timeouts(connect: 5, total: 10, stall: 10)
        let (ready, http) = (request, http)
        await Task { _ = try? await http.send(ready) }.value
    }

    private func video(_ request: HTTPRequest) async throws -> Video {
        let response = try await answer(to: request)
        guard let video = try? JSONDecoder().decode(Video.self, from: response.body),
            !video.id.isEmpty, video.id.utf8.count <= 128,
            video.id.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x5F
            })
        else {
            var failure = ServiceError(
                .unavailable, "\(name): the answer is no video: check UNDERSTUDY_OPENAI_VIDEOS_URL", retryable: true,
                provider: name)
            failure.order = .unknown
            throw failure
        }
        return video
    }

    private func answer(to request: HTTPRequest) async throws -> HTTPResponse {
        let failure = ProviderFailure(provider: name)
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch let error as HTTPError {
            throw failure.error(error)
        }
        // What is null in a good answer is no error.
        if !response.isSuccess {
            throw failure.error(response)
                ?? ServiceError(.unavailable, "\(name): answered \(response.status)", provider: name)
        }
        return response
    }

    private func request(_ method: String, _ path: String, body: HTTPRequest.Body = .none) -> HTTPRequest {
        var request = HTTPRequest(
            method, "\(base)\(path)", headers: [:], body: body, sink: .memory(maximum: 4 * 1024 * 1024))
        if let key { request.headers["Authorization"] = "Bearer \(key.reveal())" }
        if case .bytes = body { request.headers["Content-Type"] = "application/json" }
        return request
    }
}
