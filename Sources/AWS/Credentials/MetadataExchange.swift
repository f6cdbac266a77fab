import Faults
import FoundationEssentials
import HTTP
import Retry
import Untrusted

/// Asks the agent of a container or the metadata of a machine. Both are next door, and are busy, restarted or slow at times: what fails
/// for a moment is asked again, at most three times in all, two where no answer came in time.
struct MetadataExchange: Sendable {
    private static let attempts = 3
    private static let attemptsInTime = 2
    private static let maximumAnswer = 64 * 1024
    private static let backoff = Backoff(first: .milliseconds(400), longest: .seconds(2), jitter: 0...1)

    private let http: HTTPClient

    init(certificates: String? = nil) {
        http = HTTPClient(certificates: certificates)
    }

    /// - Parameters:
    ///   - firstByte: seconds until the answer begins.
    ///   - isThere: whether a server is known to be there, so that a refused connection means a restart.
    /// - Returns: the last answer, whatever its status.
    /// - Throws: `HTTPError` where no answer came, or `CancellationError`.
    func send(
        _ method: String, _ url: String, _ headers: HTTPHeaders, firstByte: Double = 2, isThere: Bool = true
    ) async throws -> HTTPResponse {
        var request = HTTPRequest(
            method, url, headers: headers, sink: .memory(maximum: Self.maximumAnswer),
            timeouts: .init(connect: 1, firstByte: firstByte, total: 5, stall: 2))
        request.usesProxy = false
        var attempt = 1
        while true {
            var asked: Double?
            do {
                let response = try await http.send(request)
                guard Self.isTransient(response.status), attempt < Self.attempts else { return response }
                asked = response.retryAfter
            } catch let error as HTTPError {
                let limit = error.kind == .timeout ? Self.attemptsInTime : Self.attempts
                guard error.isRetryable, attempt < limit, isThere || error.kind != .unreachable else { throw error }
            }
            try await Task.sleep(
                for: Self.backoff.pause(after: attempt, atLeast: .clamping(seconds: asked ?? 0)))
            attempt += 1
        }
    }

    /// Whether the same question may have another answer soon.
    static func isTransient(_ status: Int) -> Bool { status == 429 || status >= 500 }

    /// Asks for keys.
    ///
    /// - Parameter whose: how errors name them, e.g. `the container's credentials`.
    /// - Throws: `AWSError`, or `CancellationError`.
    func keys(_ whose: String, _ url: String, _ headers: HTTPHeaders) async throws -> AWSCredentials {
        let response: HTTPResponse
        do {
            response = try await send("GET", url, headers)
        } catch let error as HTTPError {
            throw AWSError(.unauthorized, "\(whose): \(error.message)", retryable: error.isRetryable)
        }
        let place = HTTPRequest.get(url).place
        guard response.isSuccess else {
            throw AWSError(
                .unauthorized, "\(whose): \(place) answered \(response.status)\(Self.reason(response.body))",
                retryable: Self.isTransient(response.status))
        }
        // A machine whose role cannot be assumed answers 200 and a code.
        guard let answer = try? JSONDecoder().decode(ProcessCredentials.Answer.self, from: response.body) else {
            throw AWSError(
                .unauthorized, "\(whose): the answer of \(place) has no keys\(Self.reason(response.body))")
        }
        return try answer.credentials(of: whose)
    }

    private struct Refusal: Decodable {
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

    /// What a refusal says of itself.
    private static func reason(_ body: Data) -> String {
        guard let refusal = try? JSONDecoder().decode(Refusal.self, from: body) else { return "" }
        let text = [refusal.code, refusal.message].compactMap { $0 }.joined(separator: ": ")
        return text.isEmpty ? "" : ": \(text.bounded(to: 200).printable())"
    }
}
