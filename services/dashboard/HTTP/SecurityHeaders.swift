// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1

/// Security headers of every response: the browser loads nothing from other origins, and no other site can embed the page.
enum SecurityHeaders {
    /// The Content-Security-Policy.
    ///
    /// - Parameter style: the hash source of the page's inline style sheet, e.g. `sha256-...`.
    static func policy(style: String? = nil) -> String {
        "default-src 'none'; script-src 'self'; style-src 'self'\(style.map { " '\($0)'" } ?? ""); img-src 'self' data: blob:; "
            + "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }

    private static let defaultPolicy = policy()

    /// Adds the headers; an existing Content-Security-Policy is not replaced.
    static func add(to headers: inout HTTPHeaders) {
        if !headers.contains(name: "Content-Security-Policy") {
            headers.add(name: "Content-Security-Policy", value: defaultPolicy)
        }
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Referrer-Policy", value: "no-referrer")
        headers.add(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        headers.add(name: "Cross-Origin-Opener-Policy", value: "same-origin")
    }
}
