import Contracts
import HTTP
import JSONRPC
import Logging
import Media
import Providers

/// Models that draw at Replicate.
struct ReplicateProvider: ImageProvider {
    private static let maximumBytes = 100 * 1024 * 1024

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

    func draw(_ request: GenerateImage, to path: String) async throws -> DrawnImage {
        let model = model(of: request)
        return try await Attempts(provider: name, model: model, logger: logger).draw(to: path) {
            let result = try await client.run(model, input: input.json(for: request), timeout: timeout)
            let (bytes, header) = try await picture(of: result)
            return Attempts.Picture(
                bytes: bytes, header: header, requestID: result.id,
                cost: prices.image(provider: name, model: model, quality: request.quality))
        }
    }

    /// Downloads what is paid for already, twice where that helps; another prediction would be paid for again.
    private func picture(of result: ReplicateClient.Result) async throws -> ([UInt8], ImageHeader) {
        var isFirst = true
        while true {
            do {
                let response = try await client.download(
                    result.outputs[0], into: .memory(maximum: Self.maximumBytes), timeout: timeout)
                let bytes = [UInt8](response.body)
                return (bytes, try PictureCheck.header(bytes, from: name))
            } catch let error as ServiceError {
                guard isFirst, error.retryable, let pause = RetryPause.seconds(error.retryAfter) else {
                    throw ServiceError(
                        error.kind, "\(error.message); the prediction \(result.id) may have been billed",
                        retryable: false,
                        detail: error.detail, provider: name, providerCode: error.providerCode, requestID: result.id)
                }
                isFirst = false
                try await Task.sleep(for: .seconds(pause))
            }
        }
    }
}
