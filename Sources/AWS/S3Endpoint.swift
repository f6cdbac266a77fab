/// Where a bucket is reached.
struct S3Endpoint: Sendable, Equatable {
    /// `http` or `https`.
    let scheme: String
    /// With the port where it is not the usual one: the header `Host`.
    let host: String
    /// What stands before the key: empty, or a slash and the bucket.
    let root: String

    /// - Parameter override: the URL of a stand-in, whose buckets are folders; AWS's own are hosts.
    /// - Throws: `unavailable` for an override that is no URL.
    init(bucket: String, region: String, override: String?) throws(AWSError) {
        guard let override else {
            scheme = "https"
            let domain = region.hasPrefix("cn-") ? "amazonaws.com.cn" : "amazonaws.com"
            // A certificate's star stands for one label, and a host's name has no upper-case letters.
            let isHost = !bucket.contains(".") && !bucket.contains("_") && bucket == bucket.lowercased()
            host = isHost ? "\(bucket).s3.\(region).\(domain)" : "s3.\(region).\(domain)"
            root = isHost ? "" : "/\(bucket)"
            return
        }
        guard let mark = override.firstRange(of: "://"), ["http", "https"].contains(override[..<mark.lowerBound]),
            !override[mark.upperBound...].isEmpty, !override.contains("?"), !override.contains("@")
        else {
            throw AWSError(
                .unavailable, "AWS_ENDPOINT_URL_S3 or AWS_ENDPOINT_URL: expected a URL such as http://127.0.0.1:5000")
        }
        scheme = String(override[..<mark.lowerBound])
        let rest = override[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let usual = scheme == "http" ? ":80" : ":443"
        host = String(authority.hasSuffix(usual) ? authority.dropLast(usual.count) : authority)
        root = "\(rest[authority.endIndex...])/\(bucket)"
    }

    /// -> the path as it is sent.
    func path(_ key: String) -> String { "\(root)/\(PercentEncoding.path(key))" }
}
