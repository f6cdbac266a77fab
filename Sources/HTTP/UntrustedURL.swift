// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Protection against server-side request forgery (SSRF): a URL that a remote server supplied may lead to public addresses only,
/// never into the network of this machine.
package enum UntrustedURL {
    /// Whether both URLs have the same scheme, host and port (RFC 6454 origin).
    package static func isSameServer(_ first: String, _ second: String) -> Bool {
        guard let first = origin(first), let second = origin(second) else { return false }
        return first == second
    }

    /// Whether a proxy is configured in the environment. The proxy then opens the connections and decides which hosts are reachable.
    static let hasProxy: Bool = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"].contains { (name: String) in
        getenv(name).map { $0.pointee != 0 } ?? false
    }

    /// Whether an address is globally routable.
    ///
    /// - Parameter address: an IPv4 or IPv6 address in numeric form.
    static func isPublic(address: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        if inet_pton(AF_INET, address, &four) == 1 {
            return isPublic(withUnsafeBytes(of: four.s_addr) { Array($0) })
        }
        guard inet_pton(AF_INET6, String(address.prefix { $0 != "%" }), &six) == 1 else { return false }
        let bytes = withUnsafeBytes(of: six) { Array($0) }
        // IPv4-mapped ::ffff:a.b.c.d, and NAT64 64:ff9b::a.b.c.d.
        if bytes[..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xFF, bytes[11] == 0xFF {
            return isPublic(Array(bytes[12...]))
        }
        if bytes[..<12] == [0, 0x64, 0xFF, 0x9B, 0, 0, 0, 0, 0, 0, 0, 0] { return isPublic(Array(bytes[12...])) }
        // 6to4, 2002:a.b:c.d::.
        if bytes[..<2] == [0x20, 0x02] { return isPublic(Array(bytes[2..<6])) }
        // Teredo, which embeds an IPv4 address, and the documentation prefix.
        if bytes[..<4] == [0x20, 0x01, 0, 0] || bytes[..<4] == [0x20, 0x01, 0x0D, 0xB8] { return false }
        // 2000::/3 is the global unicast range.
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

    private static func origin(_ url: String) -> String? {
        guard let separator = url.firstRange(of: "://") else { return nil }
        let scheme = url[..<separator.lowerBound].lowercased()
        let authority = url[separator.upperBound...].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let host = authority.lastIndex(of: "@").map { authority[authority.index(after: $0)...] } ?? authority
        let defaultPort = scheme == "https" ? ":443" : ":80"
        return "\(scheme)://\(host.hasSuffix(defaultPort) ? host.dropLast(defaultPort.count) : host)".lowercased()
    }
}
