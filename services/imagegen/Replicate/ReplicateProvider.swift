import Contracts
import HTTP
import ImageHeaders
import JSON
import Logging
import Prices
import Providers

/// Models that draw at Replicate.
struct ReplicateProvider: ImageProvider {
    private static let maximumBytes = 100 * 1024 * 1024
    /// What a model is sent if nothing else is told.
    static let usualInput: [String: JSONValue] = ["aspect_ratio": "{aspect_ratio}", "output_format": "png"]

    let client: ReplicateClient
    /// The model where a request names none: `owner/name` or `owner/name:version`.
    let model: String
    let input: ReplicateInput
    /// Seconds for one picture.
    let timeout: Double
    let prices: PriceList
    let logger: Logger

    let name = ReplicateClient.provider

    var info: ImageProviderInfo {
        // What the Flux models make of 16:9.
        ImageProviderInfo(
            name: name, isDefault: false, models: [model], maxWidth: 1344, maxHeight: 768,
            cost: prices.image(provider: name, model: model), needsNetwork: true)
    }

    func model(of request: GenerateImage) -> String { request.model ?? model }

    func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage {
        let model = model(of: request)
        let price = prices.image(provider: name, model: model, quality: request.quality)
        let attempts = Attempts(provider: name, model: model, price: price, logger: logger)
        return try await attempts.draw(to: path, orders) {
            let order = client.order(model, input: input.json(ordered(request)), .picture, timeout: timeout)
            let finished = try await order.finish(memory: orders)
            let (bytes, header) = try await order.fetch(finished, picture)
            return Attempts.Picture(
                bytes: bytes, header: header, requestID: finished.id.text, cost: price, warnings: finished.warnings)
        }
    }

    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool {
        order.model == model(of: request)
    }

    private func ordered(_ request: GenerateImage) -> ReplicateInput.Order {
        ReplicateInput.Order(prompt: request.prompt, width: request.width, height: request.height, seed: request.seed)
    }

    private func picture(_ outputs: [String]) async throws -> ([UInt8], ImageHeader) {
        let download = client.download(timeout: timeout)
        return try await download.first(of: outputs) { output in
            let response = try await download.fetch(output, into: .memory(maximum: Self.maximumBytes))
            let bytes = [UInt8](response.body)
            return (bytes, try PictureCheck.header(bytes, from: name))
        }
    }
}
