// SPDX-License-Identifier: Apache-2.0

extension HTTPRequest {
    /// The request that follows a redirect.
    ///
    /// - Returns: `nil` if the response is not a redirect or must not be followed.
    func redirected(by response: HTTPResponse) throws(HTTPError) -> HTTPRequest? {
        guard redirects > 0, [301, 302, 303, 307, 308].contains(response.status), method == "GET" || method == "HEAD",
            let target = response.redirection ?? response.headers["location"]
        else { return nil }
        var next = self
        next.url = target
        next.redirects -= 1
        if urlSource == .configuration { next.urlSource = .server(at: url) }
        if !UntrustedURL.isSameServer(target, url) {
            next.headers["Authorization"] = nil
            next.headers["Cookie"] = nil
            next.headers["api-key"] = nil
        }
        return next
    }

    /// Checks the scheme of a URL that a server supplied.
    ///
    /// - Throws: `invalidRequest` unless the URL uses https or names the same server.
    func checkURLSource() throws(HTTPError) {
        guard case .server(let server) = urlSource, !UntrustedURL.isSameServer(url, server) else { return }
        guard url.hasPrefix("https://") else {
            throw HTTPError(.invalidRequest, "\(redactedURL): a URL supplied by a server must use https://")
        }
    }
}
