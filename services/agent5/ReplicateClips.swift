import Contracts
import HTTP
import JSONRPC
import Providers

/// Video models at Replicate.
struct ReplicateClips: ClipMaker {
    /// Bytes that a clip may have.
    private static let maximumBytes = 2 * 1024 * 1024 * 1024

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
        _ order: ClipOrder, to path: String, note: OrderNote, progress: @Sendable (Double) -> Void
    ) async throws -> MadeClip {
        let ordered = ReplicateInput.Order(
            prompt: order.prompt, width: order.width, height: order.height, seconds: order.seconds)
        let result = try await client.run(
            model, input: input.json(ordered), timeout: timeout, known: note.known,
            progress: { fraction, _ in
                if let fraction { progress(fraction) }
            }, created: note.keep)
        try await PaidWork(provider: name, id: result.id).fetch {
            _ = try await client.download(
                result.outputs[0], into: .file(path, maximum: Self.maximumBytes), timeout: timeout)
        }
        return MadeClip(
            requestID: result.id, bytes: size(of: path), cost: price(order))
    }
}
