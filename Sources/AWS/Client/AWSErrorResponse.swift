// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import HTTP
import Untrusted

/// Maps error responses of AWS services, in XML and in JSON, to `AWSError`.
enum AWSErrorResponse {
    private struct Details {
        var code: String?
        var message: String?
        var requestID: String?

        /// The details, bounded and printable for messages. A server that is not AWS may send any text of any length.
        var bounded: Details {
            func line(_ text: String?, _ maximum: Int) -> String? {
                guard let line = text?.strippedSetting().bounded(to: maximum).printable(), !line.isEmpty else {
                    return nil
                }
                return line
            }
            return Details(
                code: line(code, 100), message: line(message, AWSErrorResponse.maximumMessage),
                requestID: line(requestID, 200))
        }
    }

    /// Maximum size in bytes of a server's message. The longest ones of AWS name a caller, an action and a resource.
    private static let maximumMessage = 1000

    private struct JSONBody: Decodable {
        var type: String?
        var code: String?
        var message: String?
        var capitalMessage: String?

        private enum CodingKeys: String, CodingKey {
            case code, message
            case type = "__type"
            case capitalMessage = "Message"
        }
    }

    /// The error that a response reports.
    ///
    /// - Parameters:
    ///   - subject: the resource of the request, for the message.
    ///   - status: the HTTP status that decides if the error code is unknown; the response's own if absent.
    static func error(_ response: HTTPResponse, _ service: AWSService, _ subject: String, status: Int? = nil)
        -> AWSError
    {
        let status = status ?? response.status
        let details = details(response)
        var (kind, isRetryable) = classification(status)
        if let known = details.code.flatMap({ knownCodes[$0] }) { (kind, isRetryable) = known }
        let text = [details.code, details.message].compactMap { $0 }.joined(separator: ": ")
        let reason = text.isEmpty ? "\(service.displayName) answered \(status)\(Self.hint(response))" : text
        var error = AWSError(
            kind, "\(subject): \(reason)\(advice(response, details.code, status, service))", retryable: isRetryable,
            code: details.code, requestID: details.requestID, service: service)
        error.status = response.status
        error.retryAfter = response.retryAfter
        error.serverTime = response.headers["date"].flatMap(HTTPDate.seconds)
        return error
    }

    /// The kind and retryability of known error codes, the same for all services.
    private static let knownCodes: [String: (ErrorKind, Bool)] = {
        var known: [String: (ErrorKind, Bool)] = [:]
        for code in [
            "NoSuchKey", "NoSuchBucket", "NoSuchUpload", "NoSuchEntity", "ResourceNotFoundException",
            "NotFoundException",
        ] { known[code] = (.notFound, false) }
        for code in [
            "AccessDenied", "AccessDeniedException", "ExpiredToken", "ExpiredTokenException", "InvalidToken",
            "TokenRefreshRequired", "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException",
            "SignatureDoesNotMatch", "InvalidSignatureException", "IncompleteSignature", "MissingAuthenticationToken",
            "RequestTimeTooSkewed", "RequestExpired", "AuthorizationHeaderMalformed", "ForbiddenException",
            "UnauthorizedAccess", "AuthFailure", "OptInRequired", "InvalidIdentityToken", "IDPRejectedClaim",
        ] { known[code] = (.unauthorized, false) }
        for code in [
            "SlowDown", "RequestLimitExceeded", "Throttling", "ThrottlingException", "ThrottledException",
            "TooManyRequestsException", "TooManyRequests", "BandwidthLimitExceeded", "PriorRequestNotComplete",
            "ProvisionedThroughputExceededException",
        ] { known[code] = (.rateLimited, true) }
        for code in [
            "RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure", "InternalServerError",
            "InternalServerErrorException", "ServiceUnavailable", "ServiceUnavailableException", "BadDigest",
            "XAmzContentSHA256Mismatch", "XAmzContentChecksumMismatch", "OperationAborted", "OperationAbortedException",
            "ConcurrentModification", "IDPCommunicationError",
        ] { known[code] = (.unavailable, true) }
        for code in [
            "PreconditionFailed", "ConditionalRequestConflict", "ConflictException", "EntityAlreadyExists",
            "ResourceAlreadyExistsException", "BucketAlreadyOwnedByYou", "BucketAlreadyExists", "DeleteConflict",
        ] { known[code] = (.conflict, false) }
        known["NotImplemented"] = (.unavailable, false)
        known["EntityTooLarge"] = (.tooLarge, false)
        known["LimitExceeded"] = (.quotaExhausted, false)
        known["ServiceQuotaExceededException"] = (.quotaExhausted, false)
        known["LimitExceededException"] = (.quotaExhausted, false)
        return known
    }()

    private static func details(_ response: HTTPResponse) -> Details {
        let id =
            response.headers["x-amz-request-id"] ?? response.headers["x-amzn-requestid"]
            ?? response.headers["x-amz-id-2"]
        if let document = XMLElement(document: response.body) {
            // The root element is the error itself (S3), or contains it (IAM, STS).
            let error = document.name == "Error" ? document : document["Error"] ?? document["Errors"]?["Error"]
            return Details(
                code: error?["Code"]?.text, message: error?["Message"]?.text,
                requestID: id ?? document["RequestId"]?.text ?? document["RequestID"]?.text
            ).bounded
        }
        let json = try? JSONDecoder().decode(JSONBody.self, from: response.body)
        let code = response.headers["x-amzn-errortype"] ?? json?.type ?? json?.code
        return Details(
            // Removes the prefix of `com.amazonaws.logs#X` and the suffix of `X:http://...`.
            code: code.map { String(($0.split(separator: "#").last ?? "").prefix { $0 != ":" }) },
            message: json?.message ?? json?.capitalMessage, requestID: id
        ).bounded
    }

    private static func classification(_ status: Int) -> (ErrorKind, Bool) {
        switch status {
        case 404: (.notFound, false)
        case 401, 403: (.unauthorized, false)
        case 409, 412: (.conflict, false)
        case 413: (.tooLarge, false)
        case 429: (.rateLimited, true)
        case 501: (.unavailable, false)
        case 500...: (.unavailable, true)
        case 400..<500: (.invalidParams, false)
        // 3xx: the bucket is in another region.
        default: (.unavailable, false)
        }
    }

    /// A hint if the response is not from AWS.
    private static func hint(_ response: HTTPResponse) -> String {
        guard let type = response.headers["content-type"], type.contains("html") else { return "" }
        return " with a web page; check the endpoint"
    }

    /// What to do next, as a suffix of the message.
    private static func advice(
        _ response: HTTPResponse, _ code: String?, _ status: Int, _ service: AWSService
    ) -> String {
        switch code {
        case "RequestTimeTooSkewed", "RequestExpired": return "; correct this machine's clock"
        case "ExpiredTokenException" where service == .sts:
            return "; the web identity token has expired; check the process that renews its file"
        case "InvalidIdentityToken", "IDPRejectedClaim":
            return "; check that the role trusts the issuer and the audience of the token"
        case "AccessDenied" where service == .sts: return "; the role's trust policy must allow it"
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired": return "; sign in to AWS again"
        case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
            "InvalidSignatureException":
            return "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile"
        case "AccessDenied" where service == .s3: return "; grant these credentials access to the bucket"
        case "AccessDenied", "AccessDeniedException", "ForbiddenException":
            return "; grant these credentials access to \(service.displayName)"
        case "NoSuchBucket" where service == .s3: return "; create the bucket, or correct UNDERSTUDY_STORE"
        default: break
        }
        if (300..<400).contains(status) || code == "AuthorizationHeaderMalformed",
            let region = response.headers["x-amz-bucket-region"], region.utf8.count <= 40
        {
            return "; the bucket is in \(region): set AWS_REGION=\(region)"
        }
        return ""
    }
}
