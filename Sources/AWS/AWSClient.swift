import FoundationEssentials
package import HTTP
import Synchronization

/// Signs requests, sends them, and tries again what fails for a moment: with full jitter, at most `AWS_MAX_ATTEMPTS` times (3), and as
/// long as the budget for retries lasts. A clock that is wrong is corrected by the server's; credentials that AWS calls expired are
/// looked up again, once.
package final class AWSClient: Sendable {
    package let account: AWSAccount
    private let http: HTTPClient
    private let budget = RetryBudget()
    /// Seconds that AWS's clock is ahead of this machine's.
    private let skew = Mutex(0)
    /// Instead of the account's.
    private let fixed: AWSCredentials?

    /// - Parameter credentials: instead of the account's own.
    package init(account: AWSAccount, http: HTTPClient? = nil, credentials: AWSCredentials? = nil) {
        self.account = account
        self.http = http ?? HTTPClient(certificates: account.certificates)
        fixed = credentials
    }

    /// Makes a request.
    ///
    /// - Returns: the answer, which is a success (2xx).
    /// - Throws: `AWSError` or `CancellationError`.
    package func send(_ request: AWSRequest) async throws -> HTTPResponse {
        var hasCorrected = false
        var attempt = 1
        while true {
            let credentials = try await credentials()
            do {
                let response = try await sendOnce(request, credentials)
                budget.refund()
                return response
            } catch let error as AWSError {
                if !hasCorrected, try await correct(error, credentials) {
                    hasCorrected = true
                    continue
                }
                let maySend = error.retryable && (request.isIdempotent || !error.isLost)
                guard maySend, attempt < account.maximumAttempts, budget.spend() else { throw error }
                // trusted: at most 20 s
                try await Task.sleep(for: .seconds(Self.pause(after: attempt, error)))
                attempt += 1
            }
        }
    }

    /// A URL that lets whoever has it make a request.
    ///
    /// - Parameter seconds: 1 to 604800.
    func presigned(_ request: AWSRequest, seconds: Int, at moment: SignatureV4.Moment? = nil) async throws -> String {
        let (signer, endpoint) = try way(request, try await credentials())
        let path = endpoint.path(request.path)
        let query = signer.presignedQuery(
            method: request.method, host: endpoint.host, path: path, seconds: seconds, at: moment ?? now)
        return "\(endpoint.scheme)://\(endpoint.host)\(path)?\(query)"
    }

    private func credentials() async throws -> AWSCredentials {
        if let fixed { return fixed }
        return try await account.credentials()
    }

    private var now: SignatureV4.Moment {
        SignatureV4.Moment(seconds: SignatureV4.Moment.seconds + skew.withLock { $0 })
    }

    private func sendOnce(_ request: AWSRequest, _ credentials: AWSCredentials) async throws -> HTTPResponse {
        let (signer, endpoint) = try way(request, credentials)
        let path = endpoint.path(request.path)
        let headers = signer.headers(
            request.headers, method: request.method, host: endpoint.host, path: path, query: request.query,
            payload: request.payloadHash, at: now)
        let query = request.query.isEmpty ? "" : "?\(PercentEncoding.query(request.query))"
        let response: HTTPResponse
        do {
            response = try await http.send(
                HTTPRequest(
                    request.method, "\(endpoint.scheme)://\(endpoint.host)\(path)\(query)", headers: headers,
                    body: request.body, sink: request.sink, timeouts: request.timeouts))
        } catch let error as HTTPError {
            throw AWSError(error, request.subject, service: request.service)
        }
        guard response.isSuccess else {
            throw AWSFailure.error(response, request.service, request.subject)
        }
        return response
    }

    private func way(_ request: AWSRequest, _ credentials: AWSCredentials) throws(AWSError) -> (
        SignatureV4, AWSEndpoint
    ) {
        let override = account.endpoint(request.service)
        let region = try account.region(or: override == nil && request.service != .iam ? nil : "us-east-1")
        let endpoint =
            if let bucket = request.bucket {
                try AWSEndpoint(
                    bucket: bucket, region: region, override: override, style: account.addressingStyle)
            } else {
                try AWSEndpoint(request.service, region: region, override: override)
            }
        let signer = SignatureV4(
            credentials: credentials, region: request.service.signingRegion(region),
            service: request.service.signingName)
        return (signer, endpoint)
    }

    /// Mends what can be mended after a refusal. -> whether anything changed, so that the request is worth another try.
    private func correct(_ error: AWSError, _ credentials: AWSCredentials) async throws -> Bool {
        if error.isAboutTime, let date = error.serverTime {
            let ahead = Int(date) - SignatureV4.Moment.seconds
            return skew.withLock { skew in
                // The signature may be wrong for another reason.
                guard abs(ahead - skew) > 60 else { return false }
                skew = ahead
                return true
            }
        }
        guard error.isAboutCredentials, fixed == nil else { return false }
        account.forget(credentials)
        return (try? await account.credentials()) != credentials
    }

    /// Seconds before the next try: a random part of a time that doubles, or as AWS says.
    private static func pause(after attempt: Int, _ error: AWSError) -> Double {
        let base = error.kind == .rateLimited ? 1.0 : 0.2
        let random = Double.random(in: 0...min(20, base * Double(1 << min(attempt - 1, 10))))
        return max(random, min(error.retryAfter ?? 0, 20))
    }
}
