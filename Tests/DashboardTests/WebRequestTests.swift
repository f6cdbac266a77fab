// SPDX-License-Identifier: Apache-2.0

import Faults
import NIOHTTP1
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct WebRequestTests {
    @Test func `a path is decoded, and empty components are ignored`() throws {
        #expect(try WebRequest(.GET, "/").path == [])
        #expect(try WebRequest(.GET, "//api/jobs//job%201/").path == ["api", "jobs", "job 1"])
    }

    @Test(arguments: [
        "", "api", "/a/../b", "/.", "/%2e%2e/x", "/a%2Fb", "/a%5Cb", "/%00", "/a%0Ab", "/%FF", "/?a=%FF",
        "/" + String(repeating: "x", count: 8192),
    ])
    func `a target that could leave its folder or cannot be decoded is invalid`(_ target: String) {
        let error = #expect(throws: ServiceError.self) { try WebRequest(.GET, target) }
        #expect(error?.kind == .invalidParams)
    }

    @Test func `the members of a query are decoded, and the last one of a name counts`() throws {
        let request = try WebRequest(.GET, "/x?q=a+b%26c&empty&q2=&q=last")
        #expect(request.query == ["q": "last", "empty": "", "q2": ""])
        #expect(request.target(without: "q") == "/x?empty&q2=")
        #expect(request.target(without: "none") == "/x?q=a+b%26c&empty&q2=&q=last")
    }

    @Test(arguments: [
        ("gzip", true), ("br, GZIP;q=0.5", true), ("gzip ; q=0.5", true), ("gzip;q=0", false), ("gzip;q=0.000", false),
        ("identity", false), (";", false), ("", false),
    ])
    func `gzip is accepted if it is listed with a weight`(_ value: String, _ isAccepted: Bool) throws {
        #expect(try WebRequest(.GET, "/", ["Accept-Encoding": value]).acceptsGzip == isAccepted)
    }

    @Test(arguments: [(#""a""#, true), (#""b", "a""#, true), (#"W/"a""#, true), ("*", true), (#""b""#, false)])
    func `a known tag matches exactly, as a weak tag or as a wildcard`(_ value: String, _ isKnown: Bool) throws {
        #expect(try WebRequest(.GET, "/", ["If-None-Match": value]).has(tag: #""a""#) == isKnown)
    }

    @Test func `a watch query has a job and a non-negative seq`() throws {
        let query = try WatchQuery(WebRequest(.GET, "/ws?job=job-1&after_seq=7"))
        #expect(query.job == "job-1" && query.seq == 7)
        let empty = try WatchQuery(WebRequest(.GET, "/ws"))
        #expect(empty.job == nil && empty.seq == nil)
        for seq in ["-1", "1.5", "abc", "", "99999999999999999999"] {
            let error = #expect(throws: ServiceError.self) {
                try WatchQuery(WebRequest(.GET, "/ws?after_seq=\(seq)"))
            }
            #expect(error?.kind == .invalidParams && error?.message.hasPrefix("/after_seq: ") == true, "\(seq)")
        }
    }
}
