import Glibc

/// What may be reached when somebody else's server chose the URL: nothing inside of the network that this machine stands in.
package enum ForeignURL {
    /// Whether both URLs have the same scheme, host and port.
    package static func isSameServer(_ one: String, _ other: String) -> Bool {
        guard let first = server(one), let second = server(other) else { return false }
        return first == second
    }

    /// Whether a proxy makes the connections, and so decides what can be reached.
    static let hasProxy: Bool = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].contains { (name: String) in
        getenv(name).map { $0.pointee != 0 } ?? false
    }

    /// - Parameter address: of IPv4 or IPv6, in digits.
    static func isPublic(address: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, address, &four) == 1 {
            return isPublic(withUnsafeBytes(of: four.s_addr) { Array($0) })
        }
        guard inet_pton(AF_INET6, String(address.prefix { $0 != "%" }), &six) == 1 else { return false }
        let bytes = withUnsafeBytes(of: six) { Array($0) }
        // ::ffff:a.b.c.d, and 64:ff9b::a.b.c.d of translators.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return isPublic(Array(bytes[12...]))
        }
        if bytes[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return isPublic(Array(bytes[12...])) }
        // 2002:a.b:c.d:: of 6to4.
        if bytes[..<2] == [0x20, 0x02] { return isPublic(Array(bytes[2..<6])) }
        // Teredo, which hides an IPv4 address, and the addresses of examples.
        if bytes[..<4] == [0x20, 0x01, 0, 0] || bytes[..<4] == [0x20, 0x01, 0x0D, 0xB8] { return false }
        // 2000::/3 is all that is given to the public.
        return bytes[0] & 0xE0 == 0x20
    }

    private static func isPublic(_ four: [UInt8]) -> Bool {
        switch (four[0], four[1]) {
        case (0, _), (10, _), (127, _), (169, 254), (172, 16...31), (192, 168), (100, 64...127), (198, 18...19),
            (224..., _):
            false
        case (192, 0): four[2] != 0 && four[2] != 2
        case (198, 51): four[2] != 100
        case (203, 0): four[2] != 113
        default: true
        }
    }

    private static func server(_ url: String) -> String? {
        guard let mark = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<mark.lowerBound].lowercased()
        let authority = url[mark.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let usual = scheme == "https" ? ":443" : ":80"
        return "\(scheme)://\(host.hasSuffix(usual) ? host.dropLast(usual.count) : host)".lowercased()
    }
}

extension HTTPRequest {
    /// The request that a redirect asks for; `nil` where the answer is none, or is not to be followed.
    ///
    /// - Throws: `invalidRequest` for a redirect to where none may lead.
    func redirected(by response: HTTPResponse) throws(HTTPError) -> HTTPRequest? {
        guard redirects > 0, [301, 302, 303, 307, 308].contains(response.status), method == "GET" || method == "HEAD",
            let target = response.redirection ?? response.headers["location"]
        else { return nil }
        var next = self
        next.url = target
        next.redirects -= 1
        if author == .configured { next.author = .told(by: url) }
        if !ForeignURL.isSameServer(target, url) {
            next.headers["Authorization"] = nil
            next.headers["Cookie"] = nil
            next.headers["api-key"] = nil
        }
        return next
    }

    /// - Throws: `invalidRequest` where a server's word leads to anything but itself or https.
    func checkAuthor() throws(HTTPError) {
        guard case .told(let server) = author, !ForeignURL.isSameServer(url, server) else { return }
        guard url.hasPrefix("https://") else {
            throw HTTPError(.invalidRequest, "\(place): a server's answer may lead to https:// only")
        }
    }
}
