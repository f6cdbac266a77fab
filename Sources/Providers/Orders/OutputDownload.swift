import Faults
import FoundationEssentials
package import HTTP
package import Secrets

/// Fetches a result from where a provider says that it is: from https and public addresses, from the provider's own server, or out
/// of the answer itself (`data:`).
package struct OutputDownload: Sendable {
    package let provider: String
    /// The provider's URL.
    let base: String
    /// Sent to the provider's own server only.
    let key: Secret?
    let http: HTTPClient
    /// Seconds.
    let timeout: Double

    package init(provider: String, base: String, key: Secret? = nil, http: HTTPClient, timeout: Double) {
        self.provider = provider
        self.base = base
        self.key = key
        self.http = http
        self.timeout = timeout
    }

    /// Fetches the first output that works.
    ///
    /// - Parameters:
    ///   - outputs: best first.
    ///   - body: fetches one, and checks what came.
    /// - Throws: the error of the first one; retryable if one of them may work later.
    package func first<Result>(of outputs: [String], _ body: (String) async throws -> Result) async throws -> Result {
        var failure: ServiceError?
        for output in outputs {
            do {
                return try await body(output)
            } catch let error as ServiceError {
                if failure == nil { failure = error } else if error.retryable { failure?.retryable = true }
            }
        }
        throw failure ?? ServiceError(.unavailable, "\(provider): there is no result", provider: provider)
    }

    /// - Parameters:
    ///   - output: a URL.
    ///   - sink: for at most as many bytes as are wanted.
    /// - Throws: `ServiceError`, also for a URL that leads into this machine's network, or to a file.
    package func fetch(_ output: String, into sink: HTTPRequest.Sink) async throws -> HTTPResponse {
        if DataURI.isOne(output) { return try unpack(output, into: sink) }
        var request = HTTPRequest.get(output, sink: sink)
        request.author = .told(by: base)
        request.redirects = 3
        request.unpacksUnasked = true
        request.timeouts = HTTPRequest.Timeouts(connect: 10, total: timeout, stall: 30)
        if let key, output.hasPrefix("\(base)/") { request.headers["Authorization"] = "Bearer \(key.reveal())" }
        let failure = ProviderFailure(provider: provider)
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
            // A file may appear, or get another link, a moment after the order's end.
            if [400, 403, 404, 410, 416].contains(response.status) { error.retryable = true }
            throw error
        }
        return response
    }

    private func unpack(_ output: String, into sink: HTTPRequest.Sink) throws -> HTTPResponse {
        guard let data = DataURI(output) else {
            throw ServiceError(
                .corruptMedia, "\(provider): the result is a data: URI that cannot be read", retryable: false,
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
            throw ServiceError(.internal, "\(provider): a data: URI has no parts", provider: provider)
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
