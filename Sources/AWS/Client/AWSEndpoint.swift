import Faults

/// Where a service is reached.
struct AWSEndpoint: Sendable, Equatable {
    /// `http` or `https`.
    let scheme: String
    /// With the port where it is not the usual one: the header `Host`.
    let host: String
    /// What stands before each path: empty, or begins with a slash.
    let root: String

    init(scheme: String, host: String, root: String) {
        self.scheme = scheme
        self.host = host
        self.root = root
    }

    /// - Parameter override: the URL of a stand-in, or of what speaks like the service.
    /// - Throws: `unavailable` for an override that is no URL.
    init(_ service: AWSService, region: String, override: String?) throws(AWSError) {
        guard let override else {
            self.init(scheme: "https", host: service.host(region), root: "")
            return
        }
        try self.init(url: override, service: service)
    }

    /// Where a bucket is: hosts of AWS are named after it, as far as a name can be a host's; elsewhere it is a folder.
    ///
    /// - Parameter style: `path` or `virtual` instead of that.
    init(bucket: String, region: String, override: String?, style: String?) throws(AWSError) {
        let service = try AWSEndpoint(.s3, region: region, override: override)
        // A certificate's star stands for one label, and a host's name has no upper-case letters.
        let isLabel = !bucket.contains(".") && !bucket.contains("_") && bucket == bucket.lowercased()
        let isHost = style == "virtual" || style != "path" && override == nil && isLabel
        self.init(
            scheme: service.scheme, host: isHost ? "\(bucket).\(service.host)" : service.host,
            root: isHost ? service.root : "\(service.root)/\(bucket)")
    }

    private init(url: String, service: AWSService) throws(AWSError) {
        guard let mark = url.firstRange(of: "://"), ["http", "https"].contains(url[..<mark.lowerBound]),
            !url[mark.upperBound...].isEmpty, !url.contains("?"), !url.contains("@")
        else {
            throw AWSError(
                .unavailable,
                "AWS_ENDPOINT_URL_\(service.variable) or AWS_ENDPOINT_URL: expected a URL such as http://127.0.0.1:5000"
            )
        }
        let scheme = String(url[..<mark.lowerBound])
        let rest = url[mark.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let usual = scheme == "http" ? ":80" : ":443"
        self.init(
            scheme: scheme,
            host: String(authority.hasSuffix(usual) ? authority.dropLast(usual.count) : authority),
            root: String(rest[authority.endIndex...]))
    }

    /// - Parameter path: not percent-encoded, begins with a slash.
    /// - Returns: the path as it is sent.
    func path(_ path: String) -> String { root + PercentEncoding.path(path) }
}
