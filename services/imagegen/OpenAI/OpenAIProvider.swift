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

/// OpenAI's images API, at OpenAI's or at any base URL that speaks it.
struct OpenAIProvider: ImageProvider {
    /// How it is reached.
    struct Account: Sendable {
        /// Ends in `/v1` or as an Azure deployment's does, without a slash.
        var base: String
        /// What every URL ends with after its question mark, e.g. Azure's `api-version`; empty for most servers.
        var query = ""
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

    /// Bytes that an answer may have.
    private static let maximumBytes = 140 * 1024 * 1024

    let name: String
    let account: Account
    /// The model where a request names none.
    let model: String
    /// Seconds for one picture.
    let timeout: Double
    /// Seconds that questions about an accepted order may be refused in a row.
    var patience = RefusalPatience.usual
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
            let (bytes, header, id) = try await ask(request, orders)
            let size = size(request)
            var warnings: [String] = []
            if header.width != size.width || header.height != size.height {
                warnings.append(
                    "\(name) was asked for \(size.width)x\(size.height) and sent \(header.width)x\(header.height)")
            }
            return Attempts.Picture(bytes: bytes, header: header, requestID: id, cost: price, warnings: warnings)
        }
    }

    // MARK: - The order

    /// Continues the order of an earlier process: the server's report says how it ends.
    func canContinue(_ order: OrderRecord.Order, of request: GenerateImage) -> Bool {
        order.model == model(of: request) && order.places?.isEmpty == false
    }

    /// An error after which the same order is not sent again if it may have been taken.
    private static func notRepeated(_ error: ServiceError) -> ServiceError {
        guard error.order == .unknown else { return error }
        var error = error
        if !error.message.contains("may be billed") {
            error.message += "; the order may have been taken and billed, and is not sent again"
        }
        error.retryable = false
        return error
    }

    private func ask(_ request: GenerateImage, _ orders: OrderBook) async throws -> ([UInt8], ImageHeader, String?) {
        let size = size(request)
        if let pending = PendingPicture(orders, base: account.base) {
            do {
                let (bytes, header) = try await picture(of: pending, size, within: timeout, nil)
                return (bytes, header, pending.id)
            } catch var error as ServiceError {
                error.order = error.order ?? .billed
                error.requestID = error.requestID ?? pending.id
                throw error
            }
        }
        let start = ContinuousClock.now
        let failure = ProviderFailure(provider: name)
        // Servers take a repeated request with the same key for the same order.
        let sent = try httpRequest(request, key: orders.headerKey(name))
        let response: HTTPResponse
        do {
            response = try await answer(to: sent)
        } catch let error as ServiceError {
            throw Self.notRepeated(error)
        }
        let id = response.headers["x-request-id"]?.printable().bounded(to: TextBound.quotation)
        guard response.isSuccess else {
            let error =
                failure.error(response)
                ?? ServiceError(.unavailable, "\(name): answered \(response.status)", provider: name, requestID: id)
            let mayFollow = error.retryable && failure.saysUnprocessed(response)
            throw mayFollow ? error : Self.notRepeated(error)
        }
        do {
            let found = PictureAnswer.find(in: response.body, size: size)
            let bytes: [UInt8]
            let header: ImageHeader
            let pending = try PendingPicture(
                response, found, base: account.base, query: account.query, provider: name)
            if let pending {
                pending.note(in: orders)
                let left = max(timeout - (ContinuousClock.now - start) / .seconds(1), 0)
                (bytes, header) = try await picture(of: pending, size, within: left, id)
            } else {
                (bytes, header) = try await picture(found, of: response, id)
            }
            return (bytes, header, id)
        } catch var error as ServiceError {
            // Whatever is wrong with the picture of a success: it was made, and is charged for.
            error.order = error.order ?? .billed
            error.requestID = error.requestID ?? id
            throw Self.notRepeated(error)
        }
    }

    /// The picture of an accepted order, once it is finished. It is never bought again.
    private func picture(
        of pending: PendingPicture, _ size: (width: Int, height: Int), within timeout: Double, _ id: String?
    ) async throws -> ([UInt8], ImageHeader) {
        let (response, found) = try await pending.finished(
            provider: name, timeout: timeout, patience: patience, size: size
        ) { method, url in
            guard method != "GET" else { return try await answer(to: fetching(url, maximum: Self.maximumBytes)) }
            return try await cancelling(method, url)
        }
        do {
            return try await picture(found, of: response, id)
        } catch let error as ServiceError {
            guard error.order == nil else { throw error }
            throw PaidWork(provider: name, id: pending.id).lost(error)
        }
    }

    /// The picture that a success holds, or links to.
    private func picture(
        _ found: PictureAnswer.Found, of response: HTTPResponse, _ id: String?
    ) async throws -> ([UInt8], ImageHeader) {
        func refused(_ kind: ErrorKind, _ words: String, retryable: Bool = true, detail: String? = nil) -> ServiceError
        {
            ServiceError(
                kind, "\(name): \(words)", retryable: retryable, detail: detail, provider: name, requestID: id)
        }
        switch found {
        case .picture(let bytes): return (bytes, try PictureCheck.header(bytes, from: name))
        case .link(let link):
            // To have the picture drawn a second time would be paid for again.
            return try await PaidWork(provider: name, id: id ?? "answer").fetch {
                let bytes = try await download(AnswerLink.resolved(link, base: account.base))
                return (bytes, try PictureCheck.header(bytes, from: name))
            }
        case .broken: throw refused(.corruptMedia, "the picture's base64 is broken or cut short")
        case .withheld(let filter):
            let reason = filter.bounded(to: TextBound.quotation).printable()
            throw refused(
                .contentRejected, "the picture was held back by the content filter (\(reason))", retryable: false,
                detail: "filtered: \(reason)")
        case .nothing, .previews:
            if let error = ProviderFailure(provider: name).error(response.ofLastEvent) { throw error }
            guard case .previews(let count) = found else {
                if let error = ProviderFailure(provider: name).wordsOfSuccess(response.ofLastEvent) { throw error }
                // Nothing shows that the answer is one to an order.
                var error = refused(.unavailable, "the answer holds no picture\(Self.hint(response))", retryable: false)
                error.order = .unknown
                throw error
            }
            throw refused(.unavailable, "the answer ended after \(count) unfinished pictures, without the finished one")
        }
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
            "POST", account.url("/images/generations"),
            headers: ["Content-Type": "application/json", "Idempotency-Key": key],
            body: .bytes(try JSONCoding.encode(body)), sink: .memory(maximum: Self.maximumBytes))
        sent.mayReuseConnection = false
        sent.unpacksUnasked = true
        account.authorize(&sent)
        // A model thinks for a minute and more before the first byte comes.
        sent.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: timeout)
        return sent
    }

    // MARK: - Exchanges

    /// A request for what the server's own answer named; the key goes to that server alone.
    private func fetching(_ url: String, maximum: Int) -> HTTPRequest {
        var request = HTTPRequest.get(url, sink: .memory(maximum: maximum))
        request.author = .told(by: account.base)
        request.redirects = 3
        request.unpacksUnasked = true
        if ForeignURL.isSameServer(url, account.base) { account.authorize(&request) }
        request.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        return request
    }

    /// Ends an operation, also if this task is cancelled itself.
    private func cancelling(_ method: String, _ url: String) async throws -> HTTPResponse {
        var request = fetching(url, maximum: 1 << 20)
        request.method = method
        // A caller that cancelled waits only some seconds for the reply.
        request.timeouts = HTTPRequest.Timeouts(connect: 2, total: Task.isCancelled ? 2 : 10, stall: 10)
        let (ready, http) = (request, http)
        return try await Task { try await http.send(ready) }.value
    }

    /// Servers that were not asked for it in base64 report where the picture is.
    private func download(_ url: String) async throws -> [UInt8] {
        let response = try await answer(to: fetching(url, maximum: 100 * 1024 * 1024))
        if let error = ProviderFailure(provider: name).error(response) { throw error }
        return [UInt8](response.body)
    }

    private func answer(to request: HTTPRequest) async throws -> HTTPResponse {
        do {
            return try await http.send(request)
        } catch let error as HTTPError {
            throw ProviderFailure(provider: name).error(error)
        }
    }

    private static func hint(_ response: HTTPResponse) -> String {
        response.headers["content-type"]?.contains("html") == true ? ", but a web page: check the base URL" : ""
    }
}

extension OpenAIProvider.Account {
    func url(_ path: String) -> String { "\(base)\(path)\(query.isEmpty ? "" : "?\(query)")" }

    func authorize(_ request: inout HTTPRequest) {
        if let key {
            request.headers["Authorization"] = "Bearer \(key.reveal())"
            // What deployments at Azure read.
            if query.contains("api-version") { request.headers["api-key"] = key.reveal() }
        }
        for (name, value) in headers { request.headers[name] = value }
    }
}

extension HTTPResponse {
    /// The answer with the data of a stream's last event as its body, where the error is.
    fileprivate var ofLastEvent: HTTPResponse {
        guard let data = EventStream.lastData(of: body) else { return self }
        var response = self
        response.body = data
        return response
    }
}
