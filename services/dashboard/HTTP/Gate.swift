import Faults
import FoundationEssentials
import NIOHTTP1
import Secrets

/// Who may ask: hosts that are ours, pages that are ours, and those who know the token where there is one.
struct Gate: Sendable {
    private static let cookie = "understudy"

    let token: Secret?
    let hosts: Set<String>

    /// - Throws: `unauthorized` for a host that is not ours (a name that was bent to lead here), another site's page, or no token.
    func check(_ request: WebRequest, isUpgrade: Bool = false) throws(ServiceError) {
        try checkHost(request.headers)
        let changes = !request.onlyReads
        if changes || isUpgrade { try checkOrigin(request.headers) }
        if changes, request.headers.first(name: "X-Understudy") == nil {
            throw ServiceError(
                .unauthorized,
                "a changing request needs the header X-Understudy: 1, which no other site's page can send")
        }
        guard isKnown(request) else {
            throw ServiceError(.unauthorized, "open /?token=... with the token of UNDERSTUDY_DASHBOARD_TOKEN first")
        }
    }

    /// The cookie for a browser that brings the token in its URL.
    func cookie(for request: WebRequest) -> String? {
        guard request.onlyReads, let token, let told = request.query["token"], Self.isSame(told, token.reveal())
        else { return nil }
        return "\(Self.cookie)=\(token.reveal()); Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"
    }

    func checkHost(_ headers: HTTPHeaders) throws(ServiceError) {
        let all = headers["Host"]
        guard all.count == 1 else { throw ServiceError(.invalidRequest, "expected one Host header") }
        let name = Self.name(all[0])
        guard DashboardSettings.isLoopback(name) || hosts.contains(name) else {
            throw ServiceError(
                .unauthorized,
                "the page is not served as \"\(name.prefix(100))\": name it in UNDERSTUDY_DASHBOARD_HOSTS")
        }
    }

    private func checkOrigin(_ headers: HTTPHeaders) throws(ServiceError) {
        if let site = headers.first(name: "Sec-Fetch-Site"), site != "same-origin", site != "none" {
            throw ServiceError(.unauthorized, "another site's page may not ask for this")
        }
        guard let origin = headers.first(name: "Origin") else { return }
        let host = headers.first(name: "Host")?.lowercased() ?? ""
        guard origin.lowercased() == "http://\(host)" || origin.lowercased() == "https://\(host)" else {
            throw ServiceError(.unauthorized, "another site's page may not ask for this")
        }
    }

    /// Whether a request brings the token, where there is one.
    func isKnown(_ request: WebRequest) -> Bool {
        guard let secret = token?.reveal() else { return true }
        let headers = request.headers
        if let told = headers.first(name: "Authorization"), told.hasPrefix("Bearer ") {
            return Self.isSame(String(told.dropFirst(7)), secret)
        }
        for line in headers["Cookie"] {
            for pair in line.split(separator: ";") {
                let sides = pair.split(separator: "=", maxSplits: 1)
                guard sides.count == 2, sides[0].drop(while: \.isWhitespace) == Self.cookie else { continue }
                if Self.isSame(String(sides[1]), secret) { return true }
            }
        }
        return false
    }

    /// Takes as long for a wrong text as for the right one.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        let (one, other) = (Array(one.utf8), Array(other.utf8))
        var difference = UInt8(one.count == other.count ? 0 : 1)
        for index in other.indices { difference |= other[index] ^ (index < one.count ? one[index] : 0) }
        return difference == 0
    }

    /// A Host header without its port; all of it where there is more behind the name than a port.
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
