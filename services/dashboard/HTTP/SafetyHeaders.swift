import NIOHTTP1

/// What every answer tells the browser, so that it loads nothing of others and is embedded by nobody.
enum SafetyHeaders {
    /// - Parameter style: the digest of a style sheet within the page.
    static func policy(style: String? = nil) -> String {
        "default-src 'none'; script-src 'self'; style-src 'self'\(style.map { " '\($0)'" } ?? ""); img-src 'self' data: blob:; "
            + "media-src 'self' blob:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    }

    private static let usual = policy()

    static func add(to headers: inout HTTPHeaders) {
        if !headers.contains(name: "Content-Security-Policy") {
            headers.add(name: "Content-Security-Policy", value: usual)
        }
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Referrer-Policy", value: "no-referrer")
        headers.add(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        headers.add(name: "Cross-Origin-Opener-Policy", value: "same-origin")
    }
}
