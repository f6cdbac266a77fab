import Contracts
import HTTP
import Prices
import Providers
import Secrets

/// Servers that speak as OpenAI's videos API did: create, ask, fetch, delete.
struct OpenAIVideos: ClipMaker {
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
    /// Between two questions.
    var pauses = OrderPauses()

    func make(
        _ order: ClipOrder, to path: String, note: OrderNote, progress: @Sendable (Double?) -> Void
    ) async throws -> MadeClip {
        let wish = OpenAIVideoOrder(
            provider: name, base: base, key: key, model: model, clip: order, headerKey: note.headerKey)
        return try await make(
            PaidOrder(wish, http: http, timeout: timeout, pauses: pauses), order,
            OutputDownload(provider: name, base: base, key: key, http: http, timeout: timeout), to: path, note, progress
        )
    }
}
