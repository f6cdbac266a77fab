import Faults
import FoundationEssentials
package import HTTP
import Retry
import Synchronization
import Untrusted

/// Signs requests, sends them, and tries again what fails for a moment, the search for credentials included: with full jitter, at most
/// `AWS_MAX_ATTEMPTS` times (3), and as long as the budget for retries lasts. A clock that is wrong is corrected by the server's;
/// credentials that AWS calls expired are looked up again, once.
package final class AWSClient: Sendable {
    /// Pauses after a failure, and after AWS said that requests come too fast: at random from none to the bound.
    private static let afterFailure = Backoff(first: .milliseconds(200), longest: .seconds(20), jitter: 0...1)
    private static let afterThrottling = Backoff(first: .seconds(1), longest: .seconds(20), jitter: 0...1)

    private let settings: AWSSettings
    private let http: HTTPClient
    private let budget = RetryBudget()
    /// Seconds that AWS's clock is ahead of this machine's.
    private let skew = Mutex(0)
    private let identity: Identity

    /// Whose signature the requests have.
    package enum Identity: Sendable {
        /// The account's own credentials.
        case account(any CredentialProvider)
        case credentials(AWSCredentials)
        /// None: the request proves by its contents who sends it.
        case unsigned
    }

    init(settings: AWSSettings, http: HTTPClient? = nil, identity: Identity) {
        self.settings = settings
        self.http = http ?? HTTPClient(certificates: settings.certificates)
        self.identity = identity
    }

    /// Makes a request.
    ///
    /// - Returns: the answer, which is a success (2xx).
    /// - Throws: `AWSError` or `CancellationError`.
    package func send(_ request: AWSRequest) async throws -> HTTPResponse {
        var hasCorrected = false
        var attempt = 1
        while true {
            var used: AWSCredentials?
            do {
                used = try await credentials()
                let response = try await sendOnce(request, used)
                budget.refund()
                return response
            } catch let error as AWSError {
                if !hasCorrected, try await correct(error, used) {
                    hasCorrected = true
                    continue
                }
                let maySend = error.retryable && (request.isIdempotent || !error.isLost)
                guard maySend, attempt < settings.maximumAttempts, budget.spend() else { throw error }
                let backoff = error.kind == .rateLimited ? Self.afterThrottling : Self.afterFailure
                let asked = Duration.clamping(seconds: error.retryAfter ?? 0)
                try await Task.sleep(for: backoff.pause(after: attempt, atLeast: asked))
                attempt += 1
            }
        }
    }

    /// A URL that lets whoever has it make a request.
    ///
    /// - Parameter seconds: 1 to 604800.
    func presigned(_ request: AWSRequest, seconds: Int, at moment: SignatureV4.Moment? = nil) async throws -> String {
        let (region, endpoint) = try place(request)
        guard let signer = signer(request, try await credentials(), region) else {
            throw AWSError(.unauthorized, "\(request.subject): a URL is signed by credentials, and there are none")
        }
        let path = endpoint.path(request.path)
        let query = signer.presignedQuery(
            method: request.method, host: endpoint.host, path: path, seconds: seconds, at: moment ?? now)
        return "\(endpoint.scheme)://\(endpoint.host)\(path)?\(query)"
    }

    private func credentials() async throws -> AWSCredentials? {
        switch identity {
        case .unsigned: return nil
        case .credentials(let credentials): return credentials
        case .account(let account):
            do {
                return try await account.credentials()
            } catch var error as AWSError {
                // What was lost on the way to credentials is not the request.
                error.isLost = false
                throw error
            }
        }
    }

    private var now: SignatureV4.Moment {
        SignatureV4.Moment(seconds: SignatureV4.Moment.seconds + skew.withLock { $0 })
    }

    private func sendOnce(_ request: AWSRequest, _ credentials: AWSCredentials?) async throws -> HTTPResponse {
        let (region, endpoint) = try place(request)
        let path = endpoint.path(request.path)
        let headers =
            signer(request, credentials, region)?.headers(
                request.headers, method: request.method, host: endpoint.host, path: path, query: request.query,
                payload: request.payloadHash, at: now) ?? request.headers
        let query = request.query.isEmpty ? "" : "?\(PercentEncoding.query(request.query))"
        let response: HTTPResponse
        do {
            var exchange = HTTPRequest(
                request.method, "\(endpoint.scheme)://\(endpoint.host)\(path)\(query)", headers: headers,
                body: request.body, sink: request.sink, timeouts: request.timeouts)
            exchange.wantsPart = request.wantsPart
            response = try await http.send(exchange)
        } catch let error as HTTPError {
            throw AWSError(error, request.subject, service: request.service)
        }
        guard response.isSuccess else {
            throw AWSFailure.error(response, request.service, request.subject)
        }
        if let name = request.resultName, XMLElement(document: response.body)?.name != name {
            throw AWSFailure.error(response, request.service, request.subject, status: 500)
        }
        return response
    }

    private func place(_ request: AWSRequest) throws(AWSError) -> (region: String, AWSEndpoint) {
        let override = settings.endpoint(request.service)
        var region = try settings.region(or: override == nil && request.service != .iam ? nil : "us-east-1")
        if request.service == .sts { region = try settings.regionOfSTS(region) }
        guard let bucket = request.bucket else {
            return (region, try AWSEndpoint(request.service, region: region, override: override))
        }
        return (
            region,
            try AWSEndpoint(bucket: bucket, region: region, override: override, style: settings.addressingStyle)
        )
    }

    private func signer(_ request: AWSRequest, _ credentials: AWSCredentials?, _ region: String) -> SignatureV4? {
        credentials.map {
            SignatureV4(
                credentials: $0, region: request.service.signingRegion(region), service: request.service.signingName)
        }
    }

    /// Corrects clock skew or refreshes credentials after a rejected request.
    ///
    /// - Returns: `true` if the request should be retried.
    private func correct(_ error: AWSError, _ credentials: AWSCredentials?) async throws -> Bool {
        guard let credentials else { return false }
        if error.isAboutTime, let date = error.serverTime {
            let ahead = Int(date) - SignatureV4.Moment.seconds
            return skew.withLock { skew in
                // The signature may be wrong for another reason.
                guard abs(ahead - skew) > 60 else { return false }
                skew = ahead
                return true
            }
        }
        guard error.isAboutCredentials, case .account(let account) = identity else { return false }
        account.forget(credentials)
        return (try? await account.credentials()) != credentials
    }
}
