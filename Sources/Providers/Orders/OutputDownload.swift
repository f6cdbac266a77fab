// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
package import HTTP
package import Secrets

/// Downloads a result from the URL that a provider reports: https at public addresses, the provider's own server, or a `data:` URI.
///
/// ```swift
/// let download = OutputDownload(provider: "replicate", base: base, http: http, timeout: 60)
/// let response = try await download.fetch(url, into: .memory(maximum: 1 << 20))
/// ```
package struct OutputDownload: Sendable {
    /// The provider's name, for errors.
    package let provider: String
    /// The URL of the provider's API.
    let base: String
    /// The API key, sent to the provider's own server only.
    let key: Secret?
    let http: HTTPClient
    /// The time for each download, in seconds.
    let timeout: Double

    /// - Parameters:
    ///   - provider: The provider's name, for errors.
    ///   - base: The URL of the provider's API.
    ///   - key: The API key, sent to the provider's own server only.
    ///   - http: The client that sends the requests.
    ///   - timeout: The time for each download, in seconds.
    package init(provider: String, base: String, key: Secret? = nil, http: HTTPClient, timeout: Double) {
        self.provider = provider
        self.base = base
        self.key = key
        self.http = http
        self.timeout = timeout
    }

    /// Fetches the first usable output.
    ///
    /// - Parameters:
    ///   - outputs: The URLs of the result, best first.
    ///   - body: Fetches one output and checks it.
    /// - Returns: The value of the first call of `body` that succeeds.
    /// - Throws: The error of the first output; retryable if the error of any output is.
    package func first<Result>(of outputs: [String], _ body: (String) async throws -> Result) async throws -> Result {
        var failure: ServiceError?
        for output in outputs {
            do {
                return try await body(output)
            } catch let error as ServiceError {
                if failure == nil { failure = error } else if error.retryable { failure?.retryable = true }
            }
        }
        throw failure ?? ServiceError(.unavailable, "\(provider): the order has no result", provider: provider)
    }

    /// Downloads one output.
    ///
    /// - Parameters:
    ///   - output: A URL or a `data:` URI.
    ///   - sink: The destination, with the maximum size.
    /// - Returns: A successful response.
    /// - Throws: `ServiceError`, also for a URL of a private network or of a file.
    package func fetch(_ output: String, into sink: HTTPRequest.Sink) async throws -> HTTPResponse {
        if DataURI.isDataURI(output) { return try decode(output, into: sink) }
        var request = HTTPRequest.get(output, sink: sink)
        request.urlSource = .server(at: base)
        request.redirects = 3
        request.acceptsUnsolicitedCompression = true
        request.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        if let key, output.hasPrefix("\(base)/") { request.headers["Authorization"] = "Bearer \(key.reveal())" }
        let failure = ProviderErrorMapper(provider: provider)
        let response: HTTPResponse
        do {
            response = try await http.send(request)
        } catch let error as HTTPError {
            throw failure.error(error)
        }
        guard response.isSuccess else {
            var error =
                failure.error(response)
                ?? ServiceError(.unavailable, "\(provider): answered \(response.status)", provider: provider)
            // A file may become available, or get another URL, shortly after the order has finished.
            if [400, 403, 404, 410, 416].contains(response.status) { error.retryable = true }
            throw error
        }
        return response
    }

    private func decode(_ output: String, into sink: HTTPRequest.Sink) throws -> HTTPResponse {
        guard let data = DataURI(output) else {
            throw ServiceError(
                .corruptMedia, "\(provider): the result is a data: URI that cannot be decoded", retryable: false,
                provider: provider)
        }
        let maximum: Int
        var response = HTTPResponse(status: 200, bodySize: data.bytes.count)
        if !data.mediaType.isEmpty { response.headers["content-type"] = data.mediaType }
        switch sink {
        case .memory(let bound):
            maximum = bound
            response.body = data.bytes
        case .file(let path, let bound):
            maximum = bound
            try write(data.bytes, to: path)
        case .part, .slice:
            throw ServiceError(.internal, "\(provider): a data: URI cannot be read in parts", provider: provider)
        }
        guard data.bytes.count <= maximum else {
            throw ServiceError(
                .tooLarge, "\(provider): the result has \(data.bytes.count) bytes, more than \(maximum)",
                provider: provider)
        }
        return response
    }

    private func write(_ bytes: Data, to path: String) throws {
        do {
            try bytes.write(to: URL(filePath: path))
        } catch {
            throw ServiceError(.unavailable, "cannot write \(path): \(error)", retryable: false)
        }
    }
}
