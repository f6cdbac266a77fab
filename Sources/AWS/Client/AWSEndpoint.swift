// SPDX-License-Identifier: Apache-2.0

import Faults

/// The network location of a service or a bucket.
struct AWSEndpoint: Sendable, Equatable {
    /// `http` or `https`.
    let scheme: String
    /// The value of the `Host` header: the host name, with the port if it is not the scheme's default.
    let host: String
    /// Prefix of each path: empty, or begins with a slash.
    let root: String

    init(scheme: String, host: String, root: String) {
        self.scheme = scheme
        self.host = host
        self.root = root
    }

    /// The endpoint of a service.
    ///
    /// - Parameter override: the URL of a compatible service to use instead of AWS's own endpoint.
    /// - Throws: `unavailable` if the override is not a URL.
    init(_ service: AWSService, region: String, override: String?) throws(AWSError) {
        guard let override else {
            self.init(scheme: "https", host: service.host(region), root: "")
            return
        }
        try self.init(url: override, service: service)
    }

    /// The endpoint of a bucket. AWS's own endpoints use virtual-hosted addressing where the bucket's name permits it, others use path-style
    /// addressing.
    ///
    /// - Parameter style: `path` or `virtual` to override this choice.
    init(bucket: String, region: String, override: String?, style: String?) throws(AWSError) {
        let service = try AWSEndpoint(.s3, region: region, override: override)
        // A wildcard certificate covers a single label, and host names are lowercase.
        let isLabel = !bucket.contains(".") && !bucket.contains("_") && bucket == bucket.lowercased()
        let isVirtualHosted = style == "virtual" || style != "path" && override == nil && isLabel
        self.init(
            scheme: service.scheme, host: isVirtualHosted ? "\(bucket).\(service.host)" : service.host,
            root: isVirtualHosted ? service.root : "\(service.root)/\(bucket)")
    }

    private init(url: String, service: AWSService) throws(AWSError) {
        guard let separator = url.firstRange(of: "://"), ["http", "https"].contains(url[..<separator.lowerBound]),
            !url[separator.upperBound...].isEmpty, !url.contains("?"), !url.contains("@")
        else {
            throw AWSError(
                .unavailable,
                "AWS_ENDPOINT_URL_\(service.variableSuffix) or AWS_ENDPOINT_URL: expected a URL such as http://127.0.0.1:5000"
            )
        }
        let scheme = String(url[..<separator.lowerBound])
        let rest = url[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" }
        let defaultPort = scheme == "http" ? ":80" : ":443"
        self.init(
            scheme: scheme,
            host: String(authority.hasSuffix(defaultPort) ? authority.dropLast(defaultPort.count) : authority),
            root: String(rest[authority.endIndex...]))
    }

    /// The full path of a resource as it is sent.
    ///
    /// - Parameter path: begins with a slash, not percent-encoded.
    func path(_ path: String) -> String { root + CanonicalEncoding.path(path) }
}
