// SPDX-License-Identifier: Apache-2.0

import Contracts
import HTTP
import Prices
import Providers
import Secrets

/// The generator `openai-videos`: servers with OpenAI's former videos API (create, retrieve, download, delete).
struct OpenAIVideos: ClipGenerator {
    let name = "openai-videos"
    var identity: String { "\(name) \(base) \(model ?? "")" }
    /// The base URL; ends in `/v1`.
    let base: String
    let key: Secret?
    let model: String?
    let lengths: ClipLengths
    /// The time for one clip, in seconds.
    let timeout: Double
    let http: HTTPClient
    let prices: PriceList
    /// The polling intervals.
    var intervals = OrderPollingIntervals()

    func generate(
        _ order: ClipOrder, to path: String, store: ClipOrderStore, progress: @Sendable (Double?) -> Void
    ) async throws -> GeneratedClip {
        let videoOrder = OpenAIVideoOrder(
            provider: name, base: base, key: key, model: model, clip: order, headerKey: store.headerKey)
        return try await complete(
            PaidOrder(videoOrder, http: http, timeout: timeout, intervals: intervals), order,
            OutputDownload(provider: name, base: base, key: key, http: http, timeout: timeout), to: path, store,
            progress)
    }
}
