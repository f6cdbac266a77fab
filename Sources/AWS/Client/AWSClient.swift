// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
package import HTTP
import Retry
import Synchronization
import Untrusted

/// Signs and sends requests to AWS services, and retries transient failures.
///
/// Failures of the credential lookup are retried as well: with full jitter, for at most `AWS_MAX_ATTEMPTS` attempts (3 by default), and
/// while the retry budget lasts. A skewed clock is corrected from the server's clock. Expired credentials are refreshed once.
///
///     let client = AWSClient(account: AWSAccount(environment: ProcessInfo.processInfo.environment))
///     let response = try await client.send(
///         .form(.sts, action: "GetCallerIdentity", version: "2011-06-15", [], subject: "the caller"))
package final class AWSClient: Sendable {
    /// Backoff after a failure and after throttling, both with full jitter.
    private static let failureBackoff = Backoff(first: .milliseconds(200), longest: .seconds(20), jitter: 0...1)
    private static let throttlingBackoff = Backoff(first: .seconds(1), longest: .seconds(20), jitter: 0...1)

    private let settings: AWSSettings
    private let http: HTTPClient
    private let budget = RetryBudget()
    /// Clock skew: seconds by which AWS's clock is ahead of this machine's.
    private let skew = Mutex(0)
    private let identity: Identity

    /// The identity that signs the requests.
    package enum Identity: Sendable {
        /// The credentials of an account, refreshed as needed.
        case account(any CredentialProvider)
        /// Fixed credentials.
        case credentials(AWSCredentials)
        /// No signature: the request authenticates itself, for example by a web identity token.
        case unsigned
    }

    init(settings: AWSSettings, http: HTTPClient? = nil, identity: Identity) {
        self.settings = settings
        self.http = http ?? HTTPClient(certificates: settings.certificates)
        self.identity = identity
    }

    /// Sends a request, with retries.
    ///
    /// - Returns: a successful (2xx) response.
    /// - Throws: `AWSError`; `CancellationError`.
    package func send(_ request: AWSRequest) async throws -> HTTPResponse {
        var hasRecovered = false
        var attempt = 1
        while true {
            var used: AWSCredentials?
            do {
                used = try await credentials()
                let response = try await sendOnce(request, used)
                budget.replenish()
                return response
            } catch let error as AWSError {
                if !hasRecovered, try await recover(from: error, used) {
                    hasRecovered = true
                    continue
                }
                let isRetryable = error.retryable && (request.isIdempotent || !error.mayHaveBeenExecuted)
                guard isRetryable, attempt < settings.maximumAttempts, budget.acquire() else { throw error }
                let backoff = error.kind == .rateLimited ? Self.throttlingBackoff : Self.failureBackoff
                let minimum = Duration.clamping(seconds: error.retryAfter ?? 0)
                try await Task.sleep(for: backoff.pause(after: attempt, atLeast: minimum))
                attempt += 1
            }
        }
    }

    /// Creates a presigned URL, with which anyone can make the request.
    ///
    /// - Parameters:
    ///   - seconds: validity of the URL, 1 to 604800.
    ///   - time: start of the validity; now if absent.
    /// - Throws: `AWSError`, `unauthorized` if there are no credentials.
    func presigned(_ request: AWSRequest, seconds: Int, at time: SignatureV4.SigningTime? = nil) async throws
        -> String
    {
        let (region, endpoint) = try resolveEndpoint(request)
        guard let signer = signer(request, try await credentials(), region) else {
            throw AWSError(.unauthorized, "\(request.subject): a presigned URL needs credentials")
        }
        let path = endpoint.path(request.path)
        let query = signer.presignedQuery(
            method: request.method, host: endpoint.host, path: path, seconds: seconds, at: time ?? now)
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
                // The lookup failed before the request was sent.
                error.isResponseLost = false
                throw error
            }
        }
    }

    /// The current time by AWS's clock.
    private var now: SignatureV4.SigningTime {
        SignatureV4.SigningTime(seconds: SignatureV4.SigningTime.seconds + skew.withLock { $0 })
    }

    private func sendOnce(_ request: AWSRequest, _ credentials: AWSCredentials?) async throws -> HTTPResponse {
        let (region, endpoint) = try resolveEndpoint(request)
        let path = endpoint.path(request.path)
        let headers =
            signer(request, credentials, region)?.headers(
                request.headers, method: request.method, host: endpoint.host, path: path, query: request.query,
                payload: request.payloadHash, at: now) ?? request.headers
        let query = request.query.isEmpty ? "" : "?\(CanonicalEncoding.query(request.query))"
        let response: HTTPResponse
        do {
            var exchange = HTTPRequest(
                request.method, "\(endpoint.scheme)://\(endpoint.host)\(path)\(query)", headers: headers,
                body: request.body, sink: request.sink, timeouts: request.timeouts)
            exchange.requiresPartialContent = request.requiresPartialContent
            response = try await http.send(exchange)
        } catch let error as HTTPError {
            throw AWSError(error, request.subject, service: request.service)
        }
        guard response.isSuccess else {
            throw AWSErrorResponse.error(response, request.service, request.subject)
        }
        if let name = request.expectedRootElement, XMLElement(document: response.body)?.name != name {
            throw AWSErrorResponse.error(response, request.service, request.subject, status: 500)
        }
        return response
    }

    private func resolveEndpoint(_ request: AWSRequest) throws(AWSError) -> (region: String, AWSEndpoint) {
        let override = settings.endpoint(request.service)
        var region = try settings.region(or: override == nil && request.service != .iam ? nil : "us-east-1")
        if request.service == .sts { region = try settings.stsRegion(region) }
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
    private func recover(from error: AWSError, _ credentials: AWSCredentials?) async throws -> Bool {
        guard let credentials else { return false }
        if error.mayBeClockSkew, let date = error.serverTime {
            let ahead = Int(date) - SignatureV4.SigningTime.seconds
            return skew.withLock { skew in
                // A small skew is not the cause: the signature is wrong for another reason.
                guard abs(ahead - skew) > 60 else { return false }
                skew = ahead
                return true
            }
        }
        guard error.isCredentialError, case .account(let account) = identity else { return false }
        account.invalidate(credentials)
        return (try? await account.credentials()) != credentials
    }
}
