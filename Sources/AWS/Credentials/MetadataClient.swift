// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Retry
import Untrusted

/// A client of the container agent and of the instance metadata service.
///
/// Both are local, but may be busy, slow or restarting. Transient failures are retried, for at most three attempts, or two after a timeout.
struct MetadataClient: Sendable {
    private static let maximumAttempts = 3
    private static let maximumAttemptsAfterTimeout = 2
    private static let maximumBody = 64 * 1024
    private static let backoff = Backoff(first: .milliseconds(400), longest: .seconds(2), jitter: 0...1)

    private let http: HTTPClient

    init(certificates: String? = nil) {
        http = HTTPClient(certificates: certificates)
    }

    /// Sends a request, with retries.
    ///
    /// - Parameters:
    ///   - firstByte: time limit for the start of the response in seconds.
    ///   - isServerExpected: whether a server is known to exist, so that a refused connection is transient.
    /// - Returns: the last response, whatever its status.
    /// - Throws: `HTTPError` if there is no response; `CancellationError`.
    func send(
        _ method: String, _ url: String, _ headers: HTTPHeaders, firstByte: Double = 2, isServerExpected: Bool = true
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(
            method, url, headers: headers, sink: .memory(maximum: Self.maximumBody),
            timeouts: .init(connect: 1, firstByte: firstByte, total: 5, stall: 2))
        request.usesProxy = false
        var attempt = 1
        while true {
            var retryAfter: Double?
            do {
                let response = try await http.send(request)
                guard Self.isTransient(response.status), attempt < Self.maximumAttempts else { return response }
                retryAfter = response.retryAfter
            } catch let error as HTTPError {
                let limit = error.kind == .timeout ? Self.maximumAttemptsAfterTimeout : Self.maximumAttempts
                guard error.isRetryable, attempt < limit, isServerExpected || error.kind != .unreachable else {
                    throw error
                }
            }
            try await Task.sleep(
                for: Self.backoff.pause(after: attempt, atLeast: .clamping(seconds: retryAfter ?? 0)))
            attempt += 1
        }
    }

    /// Whether a status reports a transient failure.
    static func isTransient(_ status: Int) -> Bool { status == 429 || status >= 500 }

    /// Fetches credentials.
    ///
    /// - Parameter subject: the credentials in messages, for example `the container's credentials`.
    /// - Throws: `AWSError`, `unauthorized` if there are none; `CancellationError`.
    func credentials(_ subject: String, _ url: String, _ headers: HTTPHeaders) async throws -> AWSCredentials {
        let response: HTTPResponse
        do {
            response = try await send("GET", url, headers)
        } catch let error as HTTPError {
            throw AWSError(.unauthorized, "\(subject): \(error.message)", retryable: error.isRetryable)
        }
        let redactedURL = HTTPRequest.get(url).redactedURL
        guard response.isSuccess else {
            throw AWSError(
                .unauthorized, "\(subject): \(redactedURL) answered \(response.status)\(Self.reason(response.body))",
                retryable: Self.isTransient(response.status))
        }
        // An instance whose role cannot be assumed answers 200 with an error code.
        guard let document = try? JSONDecoder().decode(ProcessCredentials.Document.self, from: response.body) else {
            throw AWSError(
                .unauthorized,
                "\(subject): the response of \(redactedURL) contains no keys\(Self.reason(response.body))")
        }
        return try document.credentials(of: subject)
    }

    private struct ErrorDocument: Decodable {
        var code: String?
        var message: String?

        private enum CodingKeys: String, CodingKey {
            case code, message
            case capitalCode = "Code"
            case capitalMessage = "Message"
        }

        init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            code =
                (try? values.decode(String.self, forKey: .code))
                ?? (try? values.decode(String.self, forKey: .capitalCode))
            message =
                (try? values.decode(String.self, forKey: .message))
                ?? (try? values.decode(String.self, forKey: .capitalMessage))
        }
    }

    /// The reason in the body of an error response, as a suffix of the message.
    private static func reason(_ body: Data) -> String {
        guard let error = try? JSONDecoder().decode(ErrorDocument.self, from: body) else { return "" }
        let text = [error.code, error.message].compactMap { $0 }.joined(separator: ": ")
        return text.isEmpty ? "" : ": \(text.bounded(to: 200).printable())"
    }
}
