// SPDX-License-Identifier: Apache-2.0

import Contracts
import HTTP
import ImageHeaders
import JSON
import Logging
import Prices
import Providers

/// The provider `replicate`: image models hosted at Replicate.
struct ReplicateProvider: ImageProvider {
    private static let maximumBytes = 100 * 1024 * 1024
    /// The input template if `UNDERSTUDY_REPLICATE_IMAGE_INPUT` is not set.
    static let defaultInput: [String: JSONValue] = ["aspect_ratio": "{aspect_ratio}", "output_format": "png"]

    let client: ReplicateClient
    /// The model of requests that name none: `owner/name` or `owner/name:version`.
    let model: String
    let input: ReplicateInput
    /// The time for one image, in seconds.
    let timeout: Double
    let prices: PriceList
    let logger: Logger

    let name = ReplicateClient.provider

    var info: ImageProviderInfo {
        // The size of the Flux models for 16:9.
        ImageProviderInfo(
            name: name, isDefault: false, models: [model], maxWidth: 1344, maxHeight: 768,
            cost: prices.image(provider: name, model: model), needsNetwork: true)
    }

    func model(of request: GenerateImage) -> String { request.model ?? model }

    func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage {
        let model = model(of: request)
        let price = prices.image(provider: name, model: model, quality: request.quality)
        let attempts = Attempts(provider: name, model: model, price: price, logger: logger)
        return try await attempts.draw(to: path, orders) {
            let order = client.order(model, input: input.json(values(of: request)), .image, timeout: timeout)
            let finished = try await order.finish(store: orders)
            let (bytes, header) = try await order.fetch(finished, download)
            return Attempts.Image(
                bytes: bytes, header: header, requestID: finished.id.text, cost: price, warnings: finished.warnings)
        }
    }

    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool {
        order.model == model(of: request)
    }

    private func values(of request: GenerateImage) -> ReplicateInput.Values {
        ReplicateInput.Values(prompt: request.prompt, width: request.width, height: request.height, seed: request.seed)
    }

    private func download(_ outputs: [String]) async throws -> ([UInt8], ImageHeader) {
        let download = client.download(timeout: timeout)
        return try await download.first(of: outputs) { output in
            let response = try await download.fetch(output, into: .memory(maximum: Self.maximumBytes))
            let bytes = [UInt8](response.body)
            return (bytes, try ImageCheck.header(bytes, from: name))
        }
    }
}
