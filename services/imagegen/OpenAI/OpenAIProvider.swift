// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import Glibc
import HTTP
import ImageHeaders
import JSON
import Logging
import Prices
import Providers
import Secrets
import Untrusted

/// A provider with OpenAI's images API: OpenAI itself, or any server with a compatible API.
struct OpenAIProvider: ImageProvider {
    /// The server and its credentials.
    struct Account: Sendable {
        /// The base URL without a trailing slash: ends in `/v1`, or is an Azure deployment.
        var base: String
        /// The query of every URL, e.g. Azure's `api-version`; empty for most servers.
        var query = ""
        var key: Secret?
        /// Additional headers, e.g. the organization.
        var headers: [String: String] = [:]
        /// The environment variable of the key, for messages; `nil` if no key is required.
        var keyVariable: String?
        /// Whether the server is OpenAI itself. Other servers are sent `response_format`, and sizes that local models support.
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

    /// The maximum size of a response, in bytes.
    private static let maximumBytes = 140 * 1024 * 1024

    let name: String
    let account: Account
    /// The model of requests that name none.
    let model: String
    /// The time for one image, in seconds.
    let timeout: Double
    /// The time in seconds after which an accepted order is given up whose status requests are rejected.
    var errorTolerance = PollErrorTolerance.defaultSeconds
    let prices: PriceList
    let http: HTTPClient
    let logger: Logger

    var info: ImageProviderInfo {
        let size = ImageSize.nearest(to: 3840, 2160, ImageSize.Family(model: model, isOpenAI: account.isOpenAI))
        return ImageProviderInfo(
            name: name, isDefault: false, models: [model], maxWidth: size.width, maxHeight: size.height,
            cost: prices.image(provider: name, model: model), needsNetwork: true)
    }

    func model(of request: GenerateImage) -> String { request.model ?? model }

    func draw(_ request: GenerateImage, to path: String, _ orders: CallOrders) async throws -> DrawnImage {
        if account.key == nil, let variable = account.keyVariable {
            throw ServiceError(.unauthorized, "\(name): set \(variable) or \(variable)_FILE", provider: name)
        }
        let model = model(of: request)
        let price = prices.image(provider: name, model: model, quality: request.quality)
        let attempts = Attempts(provider: name, model: model, price: price, logger: logger)
        return try await attempts.draw(to: path, orders) {
            let (bytes, header, id) = try await order(request, orders)
            let size = size(request)
            var warnings: [String] = []
            if header.width != size.width || header.height != size.height {
                warnings.append(
                    "\(name) returned \(header.width)x\(header.height) instead of \(size.width)x\(size.height)")
            }
            return Attempts.Image(bytes: bytes, header: header, requestID: id, cost: price, warnings: warnings)
        }
    }

    // MARK: - Ordering

    /// Whether an order of an earlier process can be continued: its status URL is known, and the model is the same.
    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool {
        order.model == model(of: request) && order.places?.isEmpty == false
    }

    /// Marks an error as not retryable if the order may have been accepted.
    private static func notRetryable(_ error: ServiceError) -> ServiceError {
        guard error.chargeStatus == .unknown else { return error }
        var error = error
        if !error.message.contains("may be billed") {
            error.message += "; the order may have been taken and billed, and is not sent again"
        }
        error.retryable = false
        return error
    }

    private func order(_ request: GenerateImage, _ orders: CallOrders) async throws -> ([UInt8], ImageHeader, String?) {
        let size = size(request)
        if let pending = PendingImage(orders, base: account.base) {
            do {
                let (bytes, header) = try await image(of: pending, size, within: timeout, nil)
                return (bytes, header, pending.id)
            } catch var error as ServiceError {
                error.chargeStatus = error.chargeStatus ?? .billed
                error.requestID = error.requestID ?? pending.id
                throw error
            }
        }
        let start = ContinuousClock.now
        let mapper = ProviderErrorMapper(provider: name)
        // Servers may treat a repeated request with the same key as the same order.
        let sent = try httpRequest(request, key: orders.headerKey(name))
        let response: HTTPResponse
        do {
            response = try await send(sent)
        } catch let error as ServiceError {
            throw Self.notRetryable(error)
        }
        let id = response.headers["x-request-id"]?.printable().bounded(to: TextBound.quotation)
        guard response.isSuccess else {
            let error =
                mapper.error(response)
                ?? ServiceError(.unavailable, "\(name): answered \(response.status)", provider: name, requestID: id)
            let mayRetry = error.retryable && mapper.reportsUnprocessed(response)
            throw mayRetry ? error : Self.notRetryable(error)
        }
        do {
            let found = ImageResponse.find(in: response.body, size: size)
            let bytes: [UInt8]
            let header: ImageHeader
            let pending = try PendingImage(
                response, found, base: account.base, query: account.query, provider: name)
            if let pending {
                pending.store(in: orders)
                let left = max(timeout - (ContinuousClock.now - start) / .seconds(1), 0)
                (bytes, header) = try await image(of: pending, size, within: left, id)
            } else {
                (bytes, header) = try await image(found, of: response, id)
            }
            return (bytes, header, id)
        } catch var error as ServiceError {
            // A successful response without a usable image was billed.
            error.chargeStatus = error.chargeStatus ?? .billed
            error.requestID = error.requestID ?? id
            throw Self.notRetryable(error)
        }
    }

    /// Waits for the image of an accepted order. It is never ordered again.
    private func image(
        of pending: PendingImage, _ size: (width: Int, height: Int), within timeout: Double, _ id: String?
    ) async throws -> ([UInt8], ImageHeader) {
        let (response, found) = try await pending.waitForImage(
            provider: name, timeout: timeout, errorTolerance: errorTolerance, size: size
        ) { method, url in
            guard method != "GET" else { return try await send(fetchRequest(url, maximum: Self.maximumBytes)) }
            return try await cancel(method, url)
        }
        do {
            return try await image(found, of: response, id)
        } catch let error as ServiceError {
            guard error.chargeStatus == nil else { throw error }
            throw PaidResult(provider: name, id: pending.id).undelivered(error)
        }
    }

    /// Returns the image that a successful response contains or links to.
    private func image(
        _ found: ImageResponse.Found, of response: HTTPResponse, _ id: String?
    ) async throws -> ([UInt8], ImageHeader) {
        func failure(_ kind: ErrorKind, _ text: String, retryable: Bool = true, detail: String? = nil) -> ServiceError {
            ServiceError(
                kind, "\(name): \(text)", retryable: retryable, detail: detail, provider: name, requestID: id)
        }
        switch found {
        case .image(let bytes): return (bytes, try ImageCheck.header(bytes, from: name))
        case .link(let link):
            // Ordering the image again would be billed again.
            return try await PaidResult(provider: name, id: id ?? "answer").fetch {
                let bytes = try await download(ResponseLink.resolved(link, base: account.base))
                return (bytes, try ImageCheck.header(bytes, from: name))
            }
        case .broken: throw failure(.corruptMedia, "the image's base64 is invalid or truncated")
        case .withheld(let filter):
            let reason = filter.bounded(to: TextBound.quotation).printable()
            throw failure(
                .contentRejected, "the image was withheld by the content filter (\(reason))", retryable: false,
                detail: "filtered: \(reason)")
        case .nothing, .previews:
            if let error = ProviderErrorMapper(provider: name).error(response.ofLastEvent) { throw error }
            guard case .previews(let count) = found else {
                if let error = ProviderErrorMapper(provider: name).errorInSuccess(response.ofLastEvent) { throw error }
                // Nothing shows that this is the response to an order.
                var error = failure(
                    .unavailable, "the response contains no image\(Self.hint(response))", retryable: false)
                error.chargeStatus = .unknown
                throw error
            }
            let previews = count == 1 ? "1 preview image" : "\(count) preview images"
            throw failure(.unavailable, "the response ended after \(previews), without the final one")
        }
    }

    private func size(_ request: GenerateImage) -> (width: Int, height: Int) {
        ImageSize.nearest(
            to: request.width, request.height,
            ImageSize.Family(model: model(of: request), isOpenAI: account.isOpenAI))
    }

    private func httpRequest(_ request: GenerateImage, key: String) throws -> HTTPRequest {
        let model = model(of: request)
        let family = ImageSize.Family(model: model, isOpenAI: account.isOpenAI)
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
            "POST", account.url("/images/generations"),
            headers: ["Content-Type": "application/json", "Idempotency-Key": key],
            body: .bytes(try JSONCoding.encode(body)), sink: .memory(maximum: Self.maximumBytes))
        sent.mayReuseConnection = false
        sent.acceptsUnsolicitedCompression = true
        account.authorize(&sent)
        // Models take a minute and longer before the first byte is sent.
        sent.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: timeout)
        return sent
    }

    // MARK: - Requests

    /// A request for a URL that the server itself reported; the key is sent to that server only.
    private func fetchRequest(_ url: String, maximum: Int) -> HTTPRequest {
        var request = HTTPRequest.get(url, sink: .memory(maximum: maximum))
        request.urlSource = .server(at: account.base)
        request.redirects = 3
        request.acceptsUnsolicitedCompression = true
        if UntrustedURL.isSameServer(url, account.base) { account.authorize(&request) }
        request.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        return request
    }

    /// Cancels an operation, also if this task is cancelled.
    private func cancel(_ method: String, _ url: String) async throws -> HTTPResponse {
        var request = fetchRequest(url, maximum: 1 << 20)
        request.method = method
        // A cancelled caller waits only two seconds for the reply.
        request.timeouts = HTTPRequest.Timeouts(connect: 2, total: Task.isCancelled ? 2 : 10, stall: 10)
        let (ready, http) = (request, http)
        return try await Task { try await http.send(ready) }.value
    }

    /// Downloads an image that the server reports as a URL.
    private func download(_ url: String) async throws -> [UInt8] {
        let response = try await send(fetchRequest(url, maximum: 100 * 1024 * 1024))
        if let error = ProviderErrorMapper(provider: name).error(response) { throw error }
        return [UInt8](response.body)
    }

    private func send(_ request: HTTPRequest) async throws -> HTTPResponse {
        do {
            return try await http.send(request)
        } catch let error as HTTPError {
            throw ProviderErrorMapper(provider: name).error(error)
        }
    }

    private static func hint(_ response: HTTPResponse) -> String {
        response.headers["content-type"]?.contains("html") == true ? ", it is a web page: check the base URL" : ""
    }
}

extension OpenAIProvider.Account {
    func url(_ path: String) -> String { "\(base)\(path)\(query.isEmpty ? "" : "?\(query)")" }

    func authorize(_ request: inout HTTPRequest) {
        if let key {
            request.headers["Authorization"] = "Bearer \(key.reveal())"
            // Azure deployments read this header.
            if query.contains("api-version") { request.headers["api-key"] = key.reveal() }
        }
        for (name, value) in headers { request.headers[name] = value }
    }
}

extension HTTPResponse {
    /// The response with the data of the stream's last event as its body, which contains the error.
    fileprivate var ofLastEvent: HTTPResponse {
        guard let data = EventStream.lastData(of: body) else { return self }
        var response = self
        response.body = data
        return response
    }
}
