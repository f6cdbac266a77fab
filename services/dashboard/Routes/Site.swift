// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import FoundationEssentials
import Logging
import NIOHTTP1

/// The HTTP application behind the web server: admission, routing, compression.
struct Site: Sendable {
    /// Bytes of a JSON body: a storyboard and 256 KiB for what surrounds it.
    static let maximumJSON = StoryboardBounds.bytes + 256 * 1024
    /// Bytes from which a response is compressed.
    private static let minimumCompressed = 1024

    /// What happens to a request before its body is read.
    enum Admission: Sendable {
        /// The body is collected by this plan, and the request is passed to `respond`.
        case admitted(BodyCollector.Plan)
        /// The response is sent, and the connection is closed.
        case refused(WebResponse)
    }

    let access: AccessPolicy
    let router: Router
    let uploads: Uploads
    let logger: Logger

    /// Checks a request before anything of its body is read; `respond` relies on that.
    func admit(_ request: WebRequest) -> Admission {
        do throws(ServiceError) {
            try access.checkHost(request.headers)
            let result = router.match(request.method, request.path)
            guard request.isReadOnly || request.method == .POST else {
                return .refused(Self.refusal(of: request, result))
            }
            try checkAccess(request, result)
            if let coding = request.headers.first(name: "Content-Encoding"), coding.lowercased() != "identity" {
                throw ServiceError(
                    .invalidRequest,
                    "the body is compressed (Content-Encoding: \(coding.prefix(50))): send it uncompressed")
            }
            return .admitted(try plan(for: request, result))
        } catch {
            return .refused(refusal(of: request, error))
        }
    }

    private func checkAccess(_ request: WebRequest, _ result: Router.Result) throws(ServiceError) {
        let required: Route.Access = if case .found(let match) = result { match.route.access } else { .authorized }
        // A request with the token in its query gets the cookie, and nothing else.
        guard required != .open, access.cookie(for: request) == nil else { return }
        try access.check(request, isUpgrade: required == .sameOrigin)
    }

    private func plan(
        for request: WebRequest, _ result: Router.Result
    ) throws(ServiceError) -> BodyCollector.Plan {
        if request.isReadOnly { return .memory(maximum: 0) }
        if case .found(let match) = result, match.route.body == .upload { return try uploads.plan(for: request) }
        return .memory(maximum: Self.maximumJSON)
    }

    /// The response of a route that needs no suspension; `nil` if there is none.
    func immediateResponse(to request: WebRequest) -> WebResponse? {
        guard request.method == .GET, case .found(let match) = router.match(.GET, request.path),
            access.hasToken(request)
        else { return nil }
        return match.respondImmediately(request)
    }

    /// Responds to an admitted request; errors become responses too.
    func respond(to request: WebRequest) async -> WebResponse {
        defer { uploads.discard(request) }
        do {
            var response = try await route(request)
            compress(&response, request)
            return response
        } catch {
            let failure = ServiceError(wrapping: error)
            if failure.kind == .internal { logger.error("\(failure.message)") }
            return .failure(failure)
        }
    }

    private func route(_ request: WebRequest) async throws -> WebResponse {
        let result = router.match(request.method, request.path)
        if case .found(let match) = result, match.route.access == .open { return try await match.respond(request) }
        if let cookie = access.cookie(for: request) {
            // The same address without the token, which would stay in the browser's history.
            let target = request.target(without: "token")
            return WebResponse(.seeOther, ["Location": target, "Set-Cookie": cookie, "Cache-Control": "no-store"])
        }
        guard case .found(let match) = result else { return Self.refusal(of: request, result) }
        return try await match.respond(request)
    }

    // MARK: - Refusals

    /// The response to a client without access: for browsers a page, with a form for the token.
    private func refusal(of request: WebRequest, _ error: ServiceError) -> WebResponse {
        guard error.kind == .unauthorized, request.acceptsHTML else { return .failure(error) }
        if (try? access.checkHost(request.headers)) == nil { return LoginPage.unknownHost(error) }
        return access.hasToken(request)
            ? .failure(error) : LoginPage.tokenForm(isWrong: request.query["token"] != nil)
    }

    /// Status 405 for a path that has other methods, else 404.
    private static func refusal(of request: WebRequest, _ result: Router.Result) -> WebResponse {
        if case .methodNotAllowed(let allowed) = result {
            return .methodNotAllowed(request.method, allowed: allowed)
        }
        return .failure(ServiceError(.notFound, "no such address: /\(request.path.joined(separator: "/"))"))
    }

    /// Compresses a body of some length, if the client accepts gzip.
    private func compress(_ response: inout WebResponse, _ request: WebRequest) {
        guard request.acceptsGzip, case .bytes(let bytes) = response.body, bytes.count > Self.minimumCompressed,
            response.headers["Content-Encoding"].isEmpty, let compressed = Gzip.compress(bytes, level: 1)
        else { return }
        response.body = .bytes(compressed)
        response.headers.add(name: "Content-Encoding", value: "gzip")
        response.headers.add(name: "Vary", value: "Accept-Encoding")
    }
}
