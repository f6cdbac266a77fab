import Contracts
import JSON
import JSONRPC
import Prices
import Providers

/// Video models at Replicate.
struct ReplicateClips: ClipMaker {
    /// What a model is sent if nothing else is told.
    static let usualInput: [String: JSONValue] = ["duration": "{seconds}", "aspect_ratio": "{aspect_ratio}"]

    let client: ReplicateClient
    /// `owner/name` or `owner/name:version`.
    let model: String
    let input: ReplicateInput
    let lengths: ClipLengths
    /// Seconds for one clip.
    let timeout: Double
    let prices: PriceList

    let name = ReplicateClient.provider
    var identity: String { "\(name) \(model)" }

    func make(
        _ order: ClipOrder, to path: String, note: OrderNote, progress: @Sendable (Double?) -> Void
    ) async throws -> MadeClip {
        let wish = ReplicateInput.Order(
            prompt: order.prompt, width: order.width, height: order.height, seconds: order.seconds)
        return try await make(
            client.order(model, input: input.json(wish), .film, timeout: timeout), order,
            client.download(timeout: timeout), to: path, note, progress)
    }
}
