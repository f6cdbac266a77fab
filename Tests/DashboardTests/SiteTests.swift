// SPDX-License-Identifier: Apache-2.0

import Faults
import NIOHTTP1
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct SiteTests {
    private let routes = [
        Route(.GET, "/healthz", access: .open) { _ in .text("ok") },
        Route(.GET, "/api/things") { _ in .text(String(repeating: "thing ", count: 1000)) },
        Route(.POST, "/api/things") { _ in throw ServiceError(.conflict, "there is one already") },
        Route(.POST, "/api/uploads", body: .upload) { _ in .text("stored") },
    ]

    private let changing: HTTPHeaders = ["X-Understudy": "1"]

    @Test func `an unsupported method is 405 and names the allowed ones, before the token is checked`() throws {
        let site = try Fixtures.site(token: "secret", routes)
        let refusal = try #require(site.admit(WebRequest(.PUT, "/api/things")).refusal)
        #expect(refusal.status == .methodNotAllowed && refusal.headers["Allow"] == ["GET, HEAD, POST"])
        #expect(refusal.bodyText.contains("method PUT is not allowed; use GET, HEAD or POST"))
        #expect(try site.admit(WebRequest(.DELETE, "/api/nothing")).refusal?.status == .notFound)
    }

    @Test func `a supported method that the path does not have is 405`() async throws {
        let site = try Fixtures.site(routes)
        let response = try await site.respond(to: WebRequest(.GET, "/api/uploads"))
        #expect(response.status == .methodNotAllowed && response.headers["Allow"] == ["POST"])
        #expect(response.bodyText.contains("use POST"))
    }

    @Test func `an unknown path is 404 with its address`() async throws {
        let response = try await Fixtures.site(routes).respond(to: WebRequest(.GET, "/api/nothing"))
        #expect(response.status == .notFound && response.bodyText.contains("/api/nothing"))
    }

    @Test func `an error of a handler becomes a response with the status of its kind`() async throws {
        let response = try await Fixtures.site(routes).respond(to: WebRequest(.POST, "/api/things", changing))
        #expect(response.status == .conflict && response.bodyText.contains(#""kind":"conflict""#))
    }

    @Test func `the plan for a body follows from the route`() throws {
        let site = try Fixtures.site(routes)
        func maximum(_ method: HTTPMethod, _ target: String) throws -> Int? {
            guard case .admitted(let plan) = try site.admit(WebRequest(method, target, changing)) else { return nil }
            return plan.maximum
        }
        #expect(try maximum(.GET, "/api/things") == 0)
        #expect(try maximum(.POST, "/api/things") == Site.maximumJSON)
        #expect(try maximum(.POST, "/api/uploads?name=seg_1.mp3") == 200 << 20)
        #expect(
            site.admit(try WebRequest(.POST, "/api/uploads?name=seg_1.html", changing)).refusal?.status == .badRequest)
    }

    @Test func `a compressed body is refused`() throws {
        let headers: HTTPHeaders = ["X-Understudy": "1", "Content-Encoding": "gzip"]
        let refusal = try Fixtures.site(routes).admit(WebRequest(.POST, "/api/things", headers)).refusal
        #expect(refusal?.status == .badRequest && refusal?.bodyText.contains("uncompressed") == true)
    }

    @Test func `the health check needs no token, everything else does`() throws {
        let site = try Fixtures.site(token: "secret", routes)
        #expect(try site.admit(WebRequest(.GET, "/healthz")).refusal == nil)
        #expect(try site.admit(WebRequest(.GET, "/api/things")).refusal?.status == .unauthorized)
        let header: HTTPHeaders = ["Authorization": "Bearer secret"]
        #expect(try site.admit(WebRequest(.GET, "/api/things", header)).refusal == nil)
    }

    @Test func `the token in the query is exchanged for a cookie at the same address`() async throws {
        let site = try Fixtures.site(token: "secret", routes)
        let request = try WebRequest(.GET, "/api/things/?a=%26b&token=secret&c")
        #expect(site.admit(request).refusal == nil)
        let response = await site.respond(to: request)
        #expect(response.status == .seeOther && response.headers["Location"] == ["/api/things?a=%26b&c"])
        let cookie = try #require(response.headers.first(name: "Set-Cookie"))
        #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
    }

    @Test func `a browser without the token gets a form, a program gets JSON`() throws {
        let site = try Fixtures.site(token: "secret", routes)
        let browser = try site.admit(WebRequest(.GET, "/?token=wrong", ["Accept": "text/html,*/*"])).refusal
        #expect(browser?.status == .unauthorized && browser?.bodyText.contains("Wrong token") == true)
        let program = try site.admit(WebRequest(.GET, "/")).refusal
        #expect(program?.status == .unauthorized && program?.bodyText.contains(#""kind":"unauthorized""#) == true)
    }

    @Test func `a long text is compressed for clients that accept gzip`() async throws {
        let site = try Fixtures.site(routes)
        let response = try await site.respond(to: WebRequest(.GET, "/api/things", ["Accept-Encoding": "gzip"]))
        #expect(response.headers["Content-Encoding"] == ["gzip"] && response.headers["Vary"] == ["Accept-Encoding"])
        guard case .bytes(let bytes) = response.body else {
            Issue.record("the body is not in memory")
            return
        }
        #expect(bytes.starts(with: [0x1F, 0x8B]) && bytes.count < 1000)
        let plain = try await site.respond(to: WebRequest(.GET, "/api/things"))
        #expect(plain.headers["Content-Encoding"].isEmpty && plain.bodyText.hasPrefix("thing thing"))
    }
}
