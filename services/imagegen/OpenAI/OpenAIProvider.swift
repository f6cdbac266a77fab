import Artifacts
import Contracts
import FoundationEssentials
import Glibc
import HTTP
import ImageHeaders
import JSONRPC
import Logging
import Providers
import ServiceKit

/// OpenAI's images API, at OpenAI's or at any base URL that speaks it.
struct OpenAIProvider: ImageProvider {
    /// How it is reached.
    struct Account: Sendable {
        /// Ends in `/v1`, without a slash.
        var base: String
        var key: Secret?
        /// More headers, e.g. the organisation.
        var headers: [String: String] = [:]
        /// The name of the variable that holds the key, for messages; `nil` where none is needed.
        var keyVariable: String?
        /// Whether it is OpenAI's own shape: others are told how to answer, and are asked for sizes that they can make.
        var isOpenAI: Bool
    }

    private struct Body: Encodable {
        var model: String
        var prompt: String
        var size: String
        var n = 1
        var quality: String?
        var outputFormat: String?
        var responseFormat: String?
        var seed: Int?

        private enum CodingKeys: String, CodingKey {
            case model, prompt, size, n, quality, seed
            case outputFormat = "output_format"
            case responseFormat = "response_format"
        }
    }

    private struct Links: Decodable {
        struct Link: Decodable {
            var url: String?
            /// Found here only if the writer escaped the member's name.
            var picture: String?

            private enum CodingKeys: String, CodingKey {
                case url
                case picture = "b64_json"
            }
        }

        var data: [Link]?
    }

    /// Bytes that an answer may have.
    private static let maximumBytes = 140 * 1024 * 1024

    let name: String
    let account: Account
    /// The model where a request names none.
    let model: String
    /// Seconds for one picture.
    let timeout: Double
    let prices: PriceList
    let http: HTTPClient
    let logger: Logger

    var info: ImageProviderInfo {
        let size = PictureSize.nearest(to: 3840, 2160, PictureSize.Family(model: model, isOpenAI: account.isOpenAI))
        return ImageProviderInfo(
            name: name, isDefault: false, models: [model], maxWidth: size.width, maxHeight: size.height,
            cost: prices.image(provider: name, model: model), needsNetwork: true)
    }

    func model(of request: GenerateImage) -> String { request.model ?? model }

    func draw(_ request: GenerateImage, to path: String, _ orders: OrderBook) async throws -> DrawnImage {
        if account.key == nil, let variable = account.keyVariable {
            throw ServiceError(.unauthorized, "\(name): set \(variable) or \(variable)_FILE", provider: name)
        }
        let model = model(of: request)
        let price = prices.image(provider: name, model: model, quality: request.quality)
        let attempts = Attempts(provider: name, model: model, price: price, logger: logger)
        return try await attempts.draw(to: path, orders) {
            let (bytes, header, id) = try await ask(request, key: orders.headerKey(name))
            let size = size(request)
            var warnings: [String] = []
            if header.width != size.width || header.height != size.height {
                warnings.append(
                    "\(name) was asked for \(size.width)x\(size.height) and sent \(header.width)x\(header.height)")
            }
            return Attempts.Picture(bytes: bytes, header: header, requestID: id, cost: price, warnings: warnings)
        }
    }

    // MARK: -

    /// - Parameter key: for servers that take a repeated request with the same `Idempotency-Key` for the same order.
    private func ask(_ request: GenerateImage, key: String) async throws -> ([UInt8], ImageHeader, String?) {
        let failure = ProviderFailure(provider: name)
        let response: HTTPResponse
        do {
            response = try await http.send(try httpRequest(request, key: key))
        } catch let error as HTTPError {
            throw failure.error(error)
        }
        let id = response.headers["x-request-id"]
        guard response.isSuccess else {
            throw failure.error(response)
                ?? ServiceError(.unavailable, "\(name): answered \(response.status)", provider: name, requestID: id)
        }
        do {
            let (bytes, header) = try await picture(in: response, failure, id)
            return (bytes, header, id)
        } catch var error as ServiceError {
            // Whatever is wrong with the picture of a success: it was made, and is charged for.
            error.order = error.order ?? .billed
            throw error
        }
    }

    /// The picture that a success holds, or links to.
    private func picture(
        in response: HTTPResponse, _ failure: ProviderFailure, _ id: String?
    ) async throws -> ([UInt8], ImageHeader) {
        var found = Base64Picture.find(in: response.body)
        if found == .nothing {
            if let error = failure.error(response) { throw error }
            let link = (try? JSONDecoder().decode(Links.self, from: response.body))?.data?.first
            if let url = link?.url {
                // To have the picture drawn a second time would be paid for again.
                return try await PaidWork(provider: name, id: id ?? "answer").fetch {
                    let bytes = try await download(url, failure)
                    return (bytes, try PictureCheck.header(bytes, from: name))
                }
            }
            guard let text = link?.picture else {
                throw ServiceError(
                    .unavailable, "\(name): the answer holds no picture\(Self.hint(response))", retryable: true,
                    provider: name, requestID: id)
            }
            found = Base64Picture.decode(text)
        }
        guard case .picture(let bytes) = found else {
            throw ServiceError(
                .corruptMedia, "\(name): the picture's base64 is broken or cut short", retryable: true, provider: name,
                requestID: id)
        }
        return (bytes, try PictureCheck.header(bytes, from: name))
    }

    private func size(_ request: GenerateImage) -> (width: Int, height: Int) {
        PictureSize.nearest(
            to: request.width, request.height,
            PictureSize.Family(model: model(of: request), isOpenAI: account.isOpenAI))
    }

    private func httpRequest(_ request: GenerateImage, key: String) throws -> HTTPRequest {
        let model = model(of: request)
        let family = PictureSize.Family(model: model, isOpenAI: account.isOpenAI)
        let size = size(request)
        var body = Body(model: model, prompt: request.prompt, size: "\(size.width)x\(size.height)")
        switch family {
        case .dallE2: break
        case .dallE3: body.quality = request.quality == "high" ? "hd" : request.quality
        case .gptImage1, .gptImage:
            body.quality = request.quality
            body.outputFormat = "png"
        case .local:
            body.quality = request.quality
            body.seed = request.seed
        }
        if !account.isOpenAI { body.responseFormat = "b64_json" }
        var sent = HTTPRequest(
            "POST", "\(account.base)/images/generations",
            headers: ["Content-Type": "application/json", "Idempotency-Key": key],
            body: .bytes(try JSONCoding.encode(body)), sink: .memory(maximum: Self.maximumBytes))
        sent.mayReuseConnection = false
        if let key = account.key { sent.headers["Authorization"] = "Bearer \(key.reveal())" }
        for (name, value) in account.headers { sent.headers[name] = value }
        // A model thinks for a minute and more before the first byte comes.
        sent.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: timeout)
        return sent
    }

    /// Servers that were not asked for it in base64 tell where the picture lies.
    private func download(_ url: String, _ failure: ProviderFailure) async throws -> [UInt8] {
        var request = HTTPRequest.get(url, sink: .memory(maximum: 100 * 1024 * 1024))
        request.author = .told(by: account.base)
        request.redirects = 3
        request.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        do {
            let response = try await http.send(request)
            if let error = failure.error(response) { throw error }
            return [UInt8](response.body)
        } catch let error as HTTPError {
            throw failure.error(error)
        }
    }

    private static func hint(_ response: HTTPResponse) -> String {
        response.headers["content-type"]?.contains("html") == true ? ", but a web page: check the base URL" : ""
    }
}
