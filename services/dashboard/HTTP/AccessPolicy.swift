// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import NIOHTTP1
import Secrets

/// Decides which requests are accepted: known host names, same-origin pages, and clients with the token if there is one.
struct AccessPolicy: Sendable {
    private static let cookieName = "understudy"

    /// The token that clients must present; `nil` if none is configured.
    let token: Secret?
    /// The accepted host names, in lower case, besides loopback.
    let hosts: Set<String>

    /// Checks a request.
    ///
    /// - Parameter isUpgrade: whether the request opens a WebSocket, whose origin is checked although it only reads.
    /// - Throws: `unauthorized` for an unknown host (DNS rebinding), a cross-site request or a missing token.
    func check(_ request: WebRequest, isUpgrade: Bool = false) throws(ServiceError) {
        try checkHost(request.headers)
        let isChanging = !request.isReadOnly
        if isChanging || isUpgrade { try checkOrigin(request.headers) }
        // Browsers send a custom header across sites only after a preflight request, which is never answered.
        if isChanging, request.headers.first(name: "X-Understudy") == nil {
            throw ServiceError(.unauthorized, "POST requests need the header `X-Understudy: 1`")
        }
        guard hasToken(request) else {
            throw ServiceError(
                .unauthorized,
                "token required: open /?token=TOKEN once, or send Authorization: Bearer TOKEN (UNDERSTUDY_DASHBOARD_TOKEN)"
            )
        }
    }

    /// The cookie for a browser that presents the token in its URL; `nil` for other requests.
    func cookie(for request: WebRequest) -> String? {
        guard request.isReadOnly, let token, let given = request.query["token"], Self.isEqual(given, token.reveal())
        else { return nil }
        return "\(Self.cookieName)=\(token.reveal()); Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
    }

    /// Checks the `Host` header.
    ///
    /// - Throws: `unauthorized` for a host that is neither loopback nor configured; `invalid_request` unless there is one header.
    func checkHost(_ headers: HTTPHeaders) throws(ServiceError) {
        let all = headers["Host"]
        guard all.count == 1 else { throw ServiceError(.invalidRequest, "expected one Host header") }
        let name = Self.name(all[0])
        guard DashboardSettings.isLoopback(name) || hosts.contains(name) else {
            throw ServiceError(
                .unauthorized, "unknown host name \"\(name.prefix(100))\": add it to UNDERSTUDY_DASHBOARD_HOSTS")
        }
    }

    private func checkOrigin(_ headers: HTTPHeaders) throws(ServiceError) {
        if let site = headers.first(name: "Sec-Fetch-Site"), site != "same-origin", site != "none" {
            throw ServiceError(.unauthorized, "cross-site requests are not allowed")
        }
        guard let origin = headers.first(name: "Origin") else { return }
        let host = headers.first(name: "Host")?.lowercased() ?? ""
        guard origin.lowercased() == "http://\(host)" || origin.lowercased() == "https://\(host)" else {
            throw ServiceError(.unauthorized, "cross-site requests are not allowed")
        }
    }

    /// Whether a request presents the token, in a header or its cookie; `true` if no token is configured.
    func hasToken(_ request: WebRequest) -> Bool {
        guard let secret = token?.reveal() else { return true }
        let headers = request.headers
        if let header = headers.first(name: "Authorization"), header.hasPrefix("Bearer ") {
            return Self.isEqual(String(header.dropFirst(7)), secret)
        }
        for line in headers["Cookie"] {
            for pair in line.split(separator: ";") {
                let sides = pair.split(separator: "=", maxSplits: 1)
                guard sides.count == 2, sides[0].drop(while: \.isWhitespace) == Self.cookieName else { continue }
                if Self.isEqual(String(sides[1]), secret) { return true }
            }
        }
        return false
    }

    /// Compares in constant time, so that the duration reveals nothing of the token.
    private static func isEqual(_ given: String, _ secret: String) -> Bool {
        let (given, secret) = (Array(given.utf8), Array(secret.utf8))
        var difference = UInt8(given.count == secret.count ? 0 : 1)
        for index in secret.indices { difference |= secret[index] ^ (index < given.count ? given[index] : 0) }
        return difference == 0
    }

    /// The host name of a `Host` header, without its port; the whole value if what follows the name is not a port.
    private static func name(_ host: String) -> String {
        let lower = host.lowercased()
        let isBracketed = lower.hasPrefix("[")
        guard let end = isBracketed ? lower.firstIndex(of: "]") : lower.firstIndex(of: ":") ?? lower.endIndex else {
            return lower
        }
        let rest = isBracketed ? lower[end...].dropFirst() : lower[end...]
        guard rest.isEmpty || (rest.first == ":" && rest.dropFirst().allSatisfy(\.isNumber)) else { return lower }
        return String(isBracketed ? lower[..<end].dropFirst() : lower[..<end])
    }
}
