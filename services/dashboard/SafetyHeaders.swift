import NIOHTTP1

/// What every answer tells the browser, so that it loads nothing of others and is embedded by nobody.
enum SafetyHeaders {
    private static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
        + "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

    static func add(to headers: inout HTTPHeaders) {
        headers.add(name: "Content-Security-Policy", value: policy)
        headers.add(name: "X-Content-Type-Options", value: "nosniff")
        headers.add(name: "Referrer-Policy", value: "no-referrer")
        headers.add(name: "Cross-Origin-Resource-Policy", value: "same-origin")
        headers.add(name: "Cross-Origin-Opener-Policy", value: "same-origin")
    }
}
