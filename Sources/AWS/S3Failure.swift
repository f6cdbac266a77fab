import HTTP

/// What S3's refusals mean.
enum S3Failure {
    /// - Parameters:
    ///   - name: what was worked on.
    ///   - status: the HTTP status to judge by where there is no code.
    static func error(_ response: HTTPResponse, _ name: String, status: Int) -> AWSError {
        let document = XMLElement(document: response.body).flatMap { $0.name == "Error" ? $0 : nil }
        let code = document?["Code"]?.text
        var (kind, isRetryable) = verdict(status)
        switch code {
        case "NoSuchKey", "NoSuchBucket", "NoSuchUpload": (kind, isRetryable) = (.notFound, false)
        case "AccessDenied", "ExpiredToken", "InvalidToken", "TokenRefreshRequired", "InvalidAccessKeyId",
            "SignatureDoesNotMatch", "RequestTimeTooSkewed", "AuthorizationHeaderMalformed":
            (kind, isRetryable) = (.unauthorized, false)
        case "SlowDown", "RequestLimitExceeded", "Throttling": (kind, isRetryable) = (.rateLimited, true)
        case "RequestTimeout", "InternalError", "ServiceUnavailable", "BadDigest", "XAmzContentSHA256Mismatch":
            (kind, isRetryable) = (.unavailable, true)
        case "EntityTooLarge": (kind, isRetryable) = (.tooLarge, false)
        default: break
        }
        let words =
            [code, document?["Message"]?.text].compactMap { $0 }.joined(separator: ": ")
        return AWSError(
            kind, "\(name): \(words.isEmpty ? "S3 answered \(status)" : words)\(advice(response, code, status))",
            retryable: isRetryable, code: code,
            requestID: response.headers["x-amz-request-id"] ?? document?["RequestId"]?.text)
    }

    private static func verdict(_ status: Int) -> (AWSError.Kind, Bool) {
        switch status {
        case 404: (.notFound, false)
        case 401, 403: (.unauthorized, false)
        case 409, 412: (.conflict, false)
        case 413: (.tooLarge, false)
        case 429: (.rateLimited, true)
        case 500...: (.unavailable, true)
        case 400..<500: (.invalidParams, false)
        // A redirect leads to another region.
        default: (.unavailable, false)
        }
    }

    /// What to do about it.
    private static func advice(_ response: HTTPResponse, _ code: String?, _ status: Int) -> String {
        switch code {
        case "RequestTimeTooSkewed": return "; set this machine's clock"
        case "ExpiredToken", "TokenRefreshRequired": return "; sign in to AWS again"
        case "AccessDenied": return "; let these credentials use the bucket"
        case "NoSuchBucket": return "; make the bucket, or correct UNDERSTUDY_STORE"
        default: break
        }
        if (300..<400).contains(status) || code == "AuthorizationHeaderMalformed",
            let region = response.headers["x-amz-bucket-region"]
        {
            return "; the bucket is in \(region): set AWS_REGION=\(region)"
        }
        return ""
    }
}
