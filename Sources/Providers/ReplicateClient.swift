import FoundationEssentials
package import HTTP
package import JSONRPC
package import ServiceKit
import Untrusted

/// Runs models at Replicate: makes a prediction, asks how it stands until it is over, and cancels it when nobody waits any more.
///
/// Predictions are asked for by their id, never by the URLs of an answer: the token goes to the configured server alone.
package struct ReplicateClient: Sendable {
    /// What a finished prediction brought.
    package struct Result: Sendable {
        /// The prediction's.
        package let id: String
        /// At least one; to be downloaded at once, since they are kept for an hour.
        package let outputs: [String]
    }

    /// Seconds between two questions.
    package struct Pauses: Sendable {
        package var first: Double
        package var longest: Double

        package init(first: Double = 0.5, longest: Double = 5) {
            self.first = first
            self.longest = longest
        }
    }

    private struct Creation: Encodable {
        var version: String?
        var input: JSONValue
    }

    package static let provider = "replicate"

    private let base: String
    private let token: Secret?
    private let http: HTTPClient
    private let pauses: Pauses

    /// - Parameters:
    ///   - base: without `/v1` and without a slash at the end.
    ///   - token: none is an error of the first use, so that a service can start without it.
    package init(base: String, token: Secret?, http: HTTPClient, pauses: Pauses = Pauses()) {
        self.base = base
        self.token = token
        self.http = http
        self.pauses = pauses
    }

    /// Makes a prediction and waits for its end.
    ///
    /// - Parameters:
    ///   - model: `owner/name` or `owner/name:version`.
    ///   - input: an object, as the model wants it.
    ///   - timeout: seconds for everything; the prediction is cancelled when they have passed.
    ///   - known: the id of a prediction that was made for this before, which is waited for instead of a new one.
    ///   - progress: gets 0 to 1 where the model tells, and Replicate's status.
    ///   - created: gets the prediction's id before it is waited for.
    /// - Throws: `ServiceError`, or `CancellationError` after the prediction was cancelled.
    package func run(
        _ model: String, input: JSONValue, timeout: Double, known: String? = nil,
        progress: (Double?, String) -> Void = { _, _ in }, created: (String) -> Void = { _ in }
    ) async throws -> Result {
        var polling = OrderPolling(timeout: timeout, first: pauses.first, longest: pauses.longest)
        var prediction = known == nil ? try await create(model, input) : nil
        let id = prediction?.id ?? known ?? ""
        created(id)
        do {
            while prediction?.status.isOver != true {
                progress(prediction?.fraction, (prediction?.status ?? .starting).rawValue)
                guard try await polling.pause() else {
                    throw ServiceError(
                        .timeout, "replicate: no result after \(Int(clamping: timeout)) s", provider: Self.provider,
                        requestID: id)
                }
                do {
                    prediction = try await state(of: id)
                } catch let error as ServiceError where error.retryable {
                    // The work goes on there, whatever became of one question.
                    polling.wait(atLeast: error.retryAfter)
                }
            }
        } catch {
            await cancel(id)
            guard var failure = error as? ServiceError else { throw error }
            // The prediction exists, and may be billed up to its end.
            failure.order = .unknown
            throw failure
        }
        if let failure = prediction?.failure { throw failure }
        guard let outputs = prediction?.outputs, !outputs.isEmpty else {
            var failure = ServiceError(
                .unavailable, "replicate: \(model) succeeded without the URL of a result", retryable: false,
                provider: Self.provider, requestID: id)
            failure.order = .billed
            throw failure
        }
        return Result(id: id, outputs: outputs)
    }

    /// Fetches what a prediction made.
    ///
    /// - Parameter sink: for as many bytes as are wanted at the most.
    /// - Throws: `ServiceError`; also for a URL that leads into the network of this machine, or to a file.
    package func download(_ url: String, into sink: HTTPRequest.Sink, timeout: Double) async throws -> HTTPResponse {
        var request = HTTPRequest.get(url, sink: sink)
        request.author = .told(by: base)
        request.redirects = 3
        request.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        return try await answer(to: request)
    }

    // MARK: -

    private func create(_ model: String, _ input: JSONValue) async throws -> ReplicatePrediction {
        let parts = model.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let names = parts.first.map { $0.split(separator: "/", omittingEmptySubsequences: false) } ?? []
        guard names.count == 2, (names + parts.dropFirst().map { $0[...] }).allSatisfy(Self.isName) else {
            throw ServiceError(
                .invalidParams, "replicate: expected a model as owner/name or owner/name:version, found \"\(model)\"",
                provider: Self.provider)
        }
        let version = parts.count == 2 ? parts[1] : nil
        let path = version == nil ? "/v1/models/\(parts[0])/predictions" : "/v1/predictions"
        let body = try JSONCoding.encode(Creation(version: version, input: input))
        var order = try request("POST", path, body: .bytes(body))
        order.mayReuseConnection = false
        return try await prediction(order)
    }

    private func state(of id: String) async throws -> ReplicatePrediction {
        try await prediction(try request("GET", "/v1/predictions/\(id)"))
    }

    /// Ends the work there, also where this task is cancelled itself. Nothing can be done where that fails.
    private func cancel(_ id: String) async {
        guard var request = try? request("POST", "/v1/predictions/\(id)/cancel") else { return }
        request.timeouts = HTTPRequest.Timeouts(connect: 5, total: 10, stall: 10)
        let (ready, http) = (request, http)
        await Task { _ = try? await http.send(ready) }.value
    }

    private func prediction(_ request: HTTPRequest) async throws -> ReplicatePrediction {
        let response = try await answer(to: request)
        guard let prediction = try? JSONDecoder().decode(ReplicatePrediction.self, from: response.body),
            prediction.isNameable
        else {
            let isPage = response.headers["content-type"]?.contains("html") == true
            var failure = ServiceError(
                .unavailable,
                "replicate: the answer is no prediction\(isPage ? ", but a web page: check the base URL" : "")",
                retryable: true, provider: Self.provider)
            failure.order = .unknown
            throw failure
        }
        return prediction
    }

    private func answer(to request: HTTPRequest) async throws -> HTTPResponse {
        let failure = ProviderFailure(provider: Self.provider)
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch let error as HTTPError {
            throw failure.error(error)
        }
        if !response.isSuccess {
            throw failure.error(response)
                ?? ServiceError(.unavailable, "replicate: answered \(response.status)", provider: Self.provider)
        }
        return response
    }

    private func request(
        _ method: String, _ path: String, body: HTTPRequest.Body = .none
    ) throws(ServiceError) -> HTTPRequest {
        guard let token else {
            throw ServiceError(
                .unauthorized, "replicate: set REPLICATE_API_TOKEN or REPLICATE_API_TOKEN_FILE",
                provider: Self.provider)
        }
        var request = HTTPRequest(
            method, "\(base)\(path)", headers: ["Authorization": "Bearer \(token.reveal())"], body: body,
            sink: .memory(maximum: 4 * 1024 * 1024))
        if case .bytes = body { request.headers["Content-Type"] = "application/json" }
        return request
    }

    private static func isName(_ text: Substring) -> Bool {
        !text.isEmpty && text != "." && text != ".."
            && text.utf8.allSatisfy {
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x2E
                    || $0 == 0x5F
            }
    }
}
