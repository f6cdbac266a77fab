import Faults
import FoundationEssentials
import HTTP
import Untrusted

/// What AWS's refusals mean.
enum AWSFailure {
    private struct Words {
        var code: String?
        var message: String?
        var requestID: String?

        /// As messages may have them: a server that is not AWS may write anything of any length.
        var bounded: Words {
            func line(_ text: String?, _ maximum: Int) -> String? {
                guard let line = text?.strippedSetting().bounded(to: maximum).printable(), !line.isEmpty else {
                    return nil
                }
                return line
            }
            return Words(
                code: line(code, 100), message: line(message, AWSFailure.maximumMessage),
                requestID: line(requestID, 200))
        }
    }

    /// Bytes of a server's own words in a message; the longest ones of AWS name a caller, an action and a resource.
    private static let maximumMessage = 1000

    private struct JSONWords: Decodable {
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

    /// - Parameters:
    ///   - subject: what was worked on.
    ///   - status: the HTTP status to judge by where there is no code; the answer's own if absent.
    static func error(_ response: HTTPResponse, _ service: AWSService, _ subject: String, status: Int? = nil)
        -> AWSError
    {
        let status = status ?? response.status
        let words = words(response)
        var (kind, isRetryable) = verdict(status)
        if let known = words.code.flatMap({ Self.known[$0] }) { (kind, isRetryable) = known }
        let text = [words.code, words.message].compactMap { $0 }.joined(separator: ": ")
        let said = text.isEmpty ? "\(service.title) answered \(status)\(Self.hint(response))" : text
        var error = AWSError(
            kind, "\(subject): \(said)\(advice(response, words.code, status, service))", retryable: isRetryable,
            code: words.code, requestID: words.requestID, service: service)
        error.status = response.status
        error.retryAfter = response.retryAfter
        error.serverTime = response.headers["date"].flatMap(HTTPDate.seconds)
        return error
    }

    /// What the refusals of all services are called, in XML and in JSON.
    private static let known: [String: (ErrorKind, Bool)] = {
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

    private static func words(_ response: HTTPResponse) -> Words {
        let id =
            response.headers["x-amz-request-id"] ?? response.headers["x-amzn-requestid"]
            ?? response.headers["x-amz-id-2"]
        if let document = XMLElement(document: response.body) {
            // S3 answers with the error itself, IAM and STS with one inside of a response.
            let error = document.name == "Error" ? document : document["Error"] ?? document["Errors"]?["Error"]
            return Words(
                code: error?["Code"]?.text, message: error?["Message"]?.text,
                requestID: id ?? document["RequestId"]?.text ?? document["RequestID"]?.text
            ).bounded
        }
        let json = try? JSONDecoder().decode(JSONWords.self, from: response.body)
        let code = response.headers["x-amzn-errortype"] ?? json?.type ?? json?.code
        return Words(
            // `com.amazonaws.logs#InvalidParameterException`, `BadRequestException:http://...`.
            code: code.map { String(($0.split(separator: "#").last ?? "").prefix { $0 != ":" }) },
            message: json?.message ?? json?.capitalMessage, requestID: id
        ).bounded
    }

    private static func verdict(_ status: Int) -> (ErrorKind, Bool) {
        switch status {
        case 404: (.notFound, false)
        case 401, 403: (.unauthorized, false)
        case 409, 412: (.conflict, false)
        case 413: (.tooLarge, false)
        case 429: (.rateLimited, true)
        case 501: (.unavailable, false)
        case 500...: (.unavailable, true)
        case 400..<500: (.invalidParams, false)
        // A redirect leads to another region.
        default: (.unavailable, false)
        }
    }

    /// What came instead of an answer of AWS.
    private static func hint(_ response: HTTPResponse) -> String {
        guard let type = response.headers["content-type"], type.contains("html") else { return "" }
        return " with a web page: is the endpoint right?"
    }

    /// What to do about it.
    private static func advice(
        _ response: HTTPResponse, _ code: String?, _ status: Int, _ service: AWSService
    ) -> String {
        switch code {
        case "RequestTimeTooSkewed", "RequestExpired": return "; set this machine's clock"
        case "ExpiredTokenException" where service == .sts:
            return "; the web identity token has expired: check what renews its file"
        case "InvalidIdentityToken", "IDPRejectedClaim":
            return "; check that the role trusts the issuer and the audience of the token"
        case "AccessDenied" where service == .sts: return "; the role's trust policy must allow it"
        case "ExpiredToken", "ExpiredTokenException", "TokenRefreshRequired": return "; sign in to AWS again"
        case "InvalidAccessKeyId", "InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch",
            "InvalidSignatureException":
            return "; check AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or the profile"
        case "AccessDenied" where service == .s3: return "; let these credentials use the bucket"
        case "AccessDenied", "AccessDeniedException", "ForbiddenException":
            return "; let these credentials use \(service.title)"
        case "NoSuchBucket" where service == .s3: return "; make the bucket, or correct UNDERSTUDY_STORE"
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
