import Contracts
import Faults
import FoundationEssentials
import Logging
import NIOHTTP1

/// What the page consists of: each address, and who answers it.
struct Site: Sendable {
    /// Bytes of a request's JSON: a storyboard, with room for what is around it.
    static let maximumJSON = StoryboardBounds.bytes + 256 * 1024

    let gate: Gate
    let assets: Assets
    let jobs: JobRoutes
    let media: MediaRoutes
    let stack: StackRoutes
    let rehearsal: Rehearsal
    let uploads: Uploads
    let metrics: Metrics
    let logger: Logger

    /// Lets a request in, before anything of its body is taken; what follows relies on that.
    ///
    /// - Returns: what its body may be.
    /// - Throws: `unauthorized` for who may not ask; `invalid_params` for a method that has no meaning here.
    func admit(_ request: WebRequest) throws(ServiceError) -> BodyCollector.Plan {
        try gate.checkHost(request.headers)
        guard request.onlyReads || request.method == .POST else {
            throw ServiceError(.invalidParams, "\(request.method) means nothing here: there are GET, HEAD and POST")
        }
        let isOpen = request.onlyReads && (request.path == ["healthz"] || gate.cookie(for: request) != nil)
        if !isOpen { try gate.check(request, isUpgrade: request.path == ["ws"]) }
        if let coding = request.headers.first(name: "Content-Encoding"), coding.lowercased() != "identity" {
            throw ServiceError(
                .invalidRequest, "the body is packed (Content-Encoding: \(coding.prefix(50))): send it plain")
        }
        if request.onlyReads { return .memory(maximum: 0) }
        return request.path == ["api", "uploads"] ? try uploads.plan(of: request) : .memory(maximum: Self.maximumJSON)
    }

    /// The answer, where there is nothing to wait for.
    func immediate(_ request: WebRequest) -> WebResponse? {
        guard request.method == .GET, request.path.starts(with: ["api", "jobs"]), request.path.count > 3,
            gate.isKnown(request)
        else { return nil }
        return media.immediate(Array(request.path.dropFirst(2)), request)
    }

    /// Answers whatever comes; a failure is an answer too.
    func respond(to request: WebRequest) async -> WebResponse {
        defer { uploads.forget(request) }
        do {
            var response = try await answer(request)
            pack(&response, request)
            return response
        } catch {
            let failure = ServiceError(wrapping: error)
            if failure.kind == .internal { logger.error("\(failure.message)") }
            return .failure(failure)
        }
    }

    /// The answer to one who was not let in: to a person, in words and with a way in.
    func refusal(_ error: ServiceError, of request: WebRequest) -> WebResponse {
        guard error.kind == .unauthorized, request.wantsPage else { return .failure(error) }
        if (try? gate.checkHost(request.headers)) == nil { return LockedPage.stranger(error) }
        return gate.isKnown(request) ? .failure(error) : LockedPage.entrance(isWrong: request.query["token"] != nil)
    }

    private func answer(_ request: WebRequest) async throws -> WebResponse {
        if request.path == ["healthz"] { return .text("ok\n") }
        if let cookie = gate.cookie(for: request) {
            // The same page without the token, which would stay in the browser's history.
            let place = request.target(without: "token")
            return WebResponse(.seeOther, ["Location": place, "Set-Cookie": cookie, "Cache-Control": "no-store"])
        }
        let isPost = request.method == .POST
        switch request.path.first {
        case "api":
            let rest = Array(request.path.dropFirst())
            let response: WebResponse? =
                switch rest.first {
                case "jobs" where isPost: try await jobs.post(Array(rest.dropFirst()), request)
                case "jobs": try await read(Array(rest.dropFirst()), request)
                case "estimate" where isPost && rest.count == 1: try await jobs.estimate(request)
                case "retry-failed" where isPost && rest.count == 1: try await jobs.retryFailed()
                case "uploads" where isPost && rest.count == 1: try await uploads.take(request)
                case "drill": try await drill(Array(rest.dropFirst()), isPost)
                default: isPost ? try await stack.post(rest, request) : try await stack.get(rest)
                }
            if let response { return response }
        case "metrics" where !isPost && request.path.count == 1: return try await metrics.page()
        case "assets" where !isPost && request.path.count == 2:
            if let response = assets.response(request.path[1], request) { return response }
        case nil where !isPost, "services" where !isPost && request.path.count == 1,
            "drill" where !isPost && request.path.count == 1,
            "jobs" where !isPost && request.path.count == 2:
            if let response = assets.response("index.html", request) { return response }
        case "ws":
            _ = try WatchWish(request)
            throw ServiceError(.invalidRequest, "/ws is a WebSocket: upgrade the connection")
        default: break
        }
        throw ServiceError(.notFound, "there is nothing at /\(request.path.joined(separator: "/"))")
    }

    private func read(_ path: [String], _ request: WebRequest) async throws -> WebResponse? {
        if let response = try await jobs.get(path, request) { return response }
        return try await media.get(path, request)
    }

    private func drill(_ path: [String], _ isPost: Bool) async throws -> WebResponse? {
        switch path {
        case [] where isPost: try .json(try await rehearsal.begin(), status: .accepted)
        case []: try .json(try await rehearsal.show())
        case ["stop"] where isPost: try .json(try await rehearsal.stop())
        default: nil
        }
    }

    /// Text of some length travels packed.
    private func pack(_ response: inout WebResponse, _ request: WebRequest) {
        guard request.acceptsGzip, case .bytes(let bytes) = response.body, bytes.count > 1024,
            response.headers["Content-Encoding"].isEmpty, let packed = Gzip.pack(bytes, level: 1)
        else { return }
        response.body = .bytes(packed)
        response.headers.add(name: "Content-Encoding", value: "gzip")
        response.headers.add(name: "Vary", value: "Accept-Encoding")
    }
}
