// SPDX-License-Identifier: Apache-2.0

import Untrusted

/// Resolves a link in a response: servers send absolute URLs, absolute paths, and paths relative to their base URL.
enum ResponseLink {
    /// - Parameters:
    ///   - link: The link as the server sent it.
    ///   - base: The configured URL, without a trailing slash.
    /// - Returns: An absolute URL.
    static func resolved(_ link: String, base: String) -> String {
        // Characters that are not allowed in a URL.
        let link = PercentEncoding.encoded(link) { (0x21...0x7E).contains($0) }
        if link.prefix(12).contains("://") { return link }
        if link.hasPrefix("//") { return "\(base.prefix { $0 != "/" })\(link)" }
        if link.hasPrefix("/") { return "\(root(of: base))\(link)" }
        return "\(base)/\(link.hasPrefix("./") ? link.dropFirst(2) : link[...])"
    }

    private static func root(of base: String) -> Substring {
        guard let separator = base.firstRange(of: "://") else { return base[...] }
        let host = base[separator.upperBound...].prefix { $0 != "/" }
        return base[..<host.endIndex]
    }
}
