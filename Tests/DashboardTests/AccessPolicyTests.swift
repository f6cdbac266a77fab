// SPDX-License-Identifier: Apache-2.0

import Faults
import NIOHTTP1
import Secrets
import Testing

@testable import Dashboard

@Suite(.timeLimit(.minutes(1))) struct AccessPolicyTests {
    private let policy = AccessPolicy(token: nil, hosts: ["films.example"])
    private let guarded = AccessPolicy(token: Secret("secret"), hosts: [])

    private func error(
        of policy: AccessPolicy, _ method: HTTPMethod, _ headers: HTTPHeaders, isUpgrade: Bool = false
    ) throws -> ServiceError? {
        let request = try WebRequest(method, "/", headers)
        do throws(ServiceError) {
            try policy.check(request, isUpgrade: isUpgrade)
            return nil
        } catch {
            return error
        }
    }

    @Test(arguments: [
        "127.0.0.1", "127.7.7.7:80", "localhost", "x.localhost:8686", "[::1]:8686", "films.example", "FILMS.example:80",
    ])
    func `loopback addresses and configured names are accepted hosts`(_ host: String) throws {
        #expect(try error(of: policy, .GET, ["Host": host]) == nil)
    }

    @Test(arguments: [
        "127.evil.example", "127.0.0.1.evil.example", "127.0.0", "127.0.0.1:80.evil.example", "evillocalhost", "[::2]",
        "[::ffff:8.8.8.8]", "8.8.8.8", "x.films.example", "films.example.evil", "",
    ])
    func `other hosts are unauthorized`(_ host: String) throws {
        #expect(try error(of: policy, .GET, ["Host": host])?.kind == .unauthorized)
    }

    @Test func `two Host headers are an invalid request`() throws {
        #expect(
            try error(of: policy, .GET, HTTPHeaders([("Host", "localhost"), ("Host", "x")]))?.kind == .invalidRequest)
    }

    @Test func `a changing request needs the header X-Understudy`() throws {
        #expect(try error(of: policy, .POST, [:])?.kind == .unauthorized)
        #expect(try error(of: policy, .POST, ["X-Understudy": "1"]) == nil)
    }

    @Test(arguments: [
        ["Origin": "http://evil.example"], ["Origin": "null"], ["Sec-Fetch-Site": "cross-site"],
        ["Sec-Fetch-Site": "same-site"], ["Origin": "http://localhost:1"],
    ])
    func `cross-site requests may neither change anything nor open a WebSocket`(_ fields: [String: String]) throws {
        let headers = HTTPHeaders(fields.map { ($0.key, $0.value) } + [("X-Understudy", "1")])
        #expect(try error(of: policy, .POST, headers)?.kind == .unauthorized)
        #expect(try error(of: policy, .GET, headers, isUpgrade: true)?.kind == .unauthorized)
        #expect(try error(of: policy, .GET, headers) == nil)
    }

    @Test(arguments: ["http://localhost:8686", "https://LOCALHOST:8686"])
    func `pages of the same origin may change things`(_ origin: String) throws {
        #expect(try error(of: policy, .POST, ["X-Understudy": "1", "Origin": origin]) == nil)
    }

    @Test func `the token is accepted as a bearer token and in the cookie`() throws {
        let accepted: [HTTPHeaders] = [["Authorization": "Bearer secret"], ["Cookie": "a=b; understudy=secret"]]
        for headers in accepted {
            #expect(try error(of: guarded, .GET, headers) == nil)
        }
    }

    @Test(arguments: [
        ["Authorization": "Bearer secre"], ["Authorization": "Bearer secretx"], ["Authorization": "secret"],
        ["Cookie": "understudy=secre"], ["Cookie": "other=secret"], ["Cookie": ";;="], [:],
    ])
    func `a missing or wrong token is unauthorized`(_ fields: [String: String]) throws {
        let headers = HTTPHeaders(fields.map { ($0.key, $0.value) })
        #expect(try error(of: guarded, .GET, headers)?.kind == .unauthorized)
    }
}
