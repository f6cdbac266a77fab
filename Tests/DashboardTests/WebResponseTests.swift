// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import NIOHTTP1
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct WebResponseTests {
    @Test(arguments: [
        (ErrorKind.invalidParams, 400), (.unauthorized, 401), (.notFound, 404), (.conflict, 409), (.tooLarge, 413),
        (.rateLimited, 429), (.internal, 500), (.unavailable, 503), (.timeout, 504),
    ])
    func `the status of an error follows from its kind`(_ kind: ErrorKind, _ status: Int) {
        #expect(WebResponse.failure(ServiceError(kind, "x")).status.code == UInt(status))
    }

    @Test func `a delay is rounded up to whole seconds`() {
        let response = WebResponse.failure(ServiceError(.rateLimited, "x", retryAfter: 1.2))
        #expect(response.headers["Retry-After"] == ["2"])
    }

    @Test func `every response forbids foreign content and embedding, and keeps a policy of its own`() {
        var headers: HTTPHeaders = [:]
        SecurityHeaders.add(to: &headers)
        let policy = headers.first(name: "Content-Security-Policy") ?? ""
        #expect(policy.hasPrefix("default-src 'none'; script-src 'self'") && policy.contains("frame-ancestors 'none'"))
        #expect(headers["X-Content-Type-Options"] == ["nosniff"] && headers["Referrer-Policy"] == ["no-referrer"])
        var own: HTTPHeaders = ["Content-Security-Policy": "own"]
        SecurityHeaders.add(to: &own)
        #expect(own["Content-Security-Policy"] == ["own"])
        #expect(SecurityHeaders.policy(style: "sha256-x").contains("style-src 'self' 'sha256-x'"))
    }

    @Test func `an asset is sent once, and compressed under another tag`() throws {
        let text = String(repeating: "let x = 1;\n", count: 100)
        let assets = Assets(["a.js": Array(text.utf8)])
        let plain = try #require(assets.response("a.js", WebRequest(.GET, "/assets/a.js")))
        #expect(plain.bodyText == text && plain.headers["Content-Type"] == ["text/javascript; charset=utf-8"])
        let tag = try #require(plain.headers.first(name: "ETag"))
        let gzip: HTTPHeaders = ["Accept-Encoding": "gzip"]
        let compressed = try #require(assets.response("a.js", WebRequest(.GET, "/assets/a.js", gzip)))
        #expect(compressed.headers["Content-Encoding"] == ["gzip"] && compressed.headers["ETag"] != [tag])
        let known = try assets.response("a.js", WebRequest(.GET, "/assets/a.js", ["If-None-Match": tag]))
        #expect(known?.status == .notModified)
        #expect(try assets.response("b.js", WebRequest(.GET, "/assets/b.js")) == nil)
    }

    @Test func `chapters follow each other with WebVTT times`() {
        let segments = [1.5, 3600, 0.25].enumerated().map { index, duration in
            SegmentView(
                segmentID: "seg_\(index)", title: index == 1 ? "Tom & <Jerry> --> home" : nil, duration: duration,
                state: .done)
        }
        #expect(
            MediaRoutes.chapters(segments) == """
                WEBVTT

                00:00:00.000 --> 00:00:01.500
                seg_0

                00:00:01.500 --> 01:00:01.500
                Tom &amp; &lt;Jerry> -> home

                01:00:01.500 --> 01:00:01.750
                seg_2

                """)
    }
}
