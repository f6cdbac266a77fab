import JSONRPC

/// The backend `mediaconvert`, as long as there is no AWS account to run it on.
enum MediaConvert {
    /// What its methods answer.
    static let unavailable = ServiceError(
        .unavailable, "no AWS account is configured for the backend mediaconvert: use backend local", retryable: false,
        detail: "this version stitches on this machine only", provider: "mediaconvert")
}
