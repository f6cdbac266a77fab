// SPDX-License-Identifier: Apache-2.0

import Contracts
import JSON
import JSONRPC
import Prices
import Providers

/// The generator `replicate`: video models hosted at Replicate.
struct ReplicateClips: ClipGenerator {
    /// The input template if `UNDERSTUDY_REPLICATE_VIDEO_INPUT` is not set.
    static let defaultInput: [String: JSONValue] = ["duration": "{seconds}", "aspect_ratio": "{aspect_ratio}"]

    let client: ReplicateClient
    /// `owner/name` or `owner/name:version`.
    let model: String
    let input: ReplicateInput
    let lengths: ClipLengths
    /// The time for one clip, in seconds.
    let timeout: Double
    let prices: PriceList

    let name = ReplicateClient.provider
    var identity: String { "\(name) \(model)" }

    func generate(
        _ order: ClipOrder, to path: String, store: ClipOrderStore, progress: @Sendable (Double?) -> Void
    ) async throws -> GeneratedClip {
        let values = ReplicateInput.Values(
            prompt: order.prompt, width: order.width, height: order.height, seconds: order.seconds)
        return try await complete(
            client.order(model, input: input.json(values), .video, timeout: timeout), order,
            client.download(timeout: timeout), to: path, store, progress)
    }
}
