// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Synchronization
import Testing

@testable import HTTP

@Suite(.timeLimit(.minutes(2))) struct RedirectTests {
    private let client = HTTPClient(environment: [:])

    private static func redirect(_ target: String, status: Int = 302) -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 \(status) Elsewhere\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n")
    }

    private static func ok(_ body: String) -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test
    func `redirects to the same server are followed up to the limit, with the original headers`() async throws {
        let server = try await LoopbackServer { request in
            switch request.target {
            case "/a": Self.redirect("b?x=1", status: 301)
            case "/b?x=1": Self.redirect("/c", status: 307)
            case "/loop": Self.redirect("/loop")
            default: Self.ok(request.head.contains("Authorization: key") ? "known" : "unknown")
            }
        }
        var request = HTTPRequest.get(server.url("/a"), headers: ["Authorization": "key"])
        #expect(try await client.send(request).status == 301)
        request.redirects = 2
        #expect(try await client.send(request).body == Data("known".utf8))
        request.redirects = 1
        #expect(try await client.send(request).status == 307)
        request.url = server.url("/loop")
        request.redirects = 5
        #expect(try await client.send(request).status == 302)
        try await server.stop()
    }

    @Test(arguments: [
        "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "gopher://x/",
        "https://127.0.0.1:1/", "https://[::1]:1/",
    ])
    func `a redirect to a file, to http on another server or to a private address is rejected`(_ target: String)
        async throws
    {
        let server = try await LoopbackServer { _ in Self.redirect(target) }
        var request = HTTPRequest.get(server.url("/"))
        request.redirects = 3
        let ready = request
        await #expect(throws: HTTPError.self) { try await client.send(ready) }
        try await server.stop()
    }

    @Test
    func `the address behind a URL supplied by a server is checked before anything is sent`() async throws {
        let requestCount = Mutex(0)
        let server = try await LoopbackServer { _ in
            requestCount.withLock { $0 += 1 }
            return Self.ok("inside")
        }
        var request = HTTPRequest.get("https://127.0.0.1:\(server.port)/")
        request.urlSource = .server(at: "https://provider.example/")
        let rejected = request
        await #expect(throws: HTTPError.self) { try await client.send(rejected) }
        request = .get(server.url("/"))
        request.urlSource = .server(at: server.url("/v1"))
        #expect(try await client.send(request).body == Data("inside".utf8))
        #expect(requestCount.withLock { $0 } == 1)
        try await server.stop()
    }

    @Test
    func `no connection is opened to a private address, given as a number, as a name or by a redirect`() async throws {
        let inside = try await LoopbackServer { _ in Self.ok("inside") }
        let urls = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "0x7f000001"].map {
            "https://\($0):\(inside.port)/"
        }
        for url in urls {
            var request = HTTPRequest.get(url)
            request.urlSource = .server(at: "https://provider.example/")
            let ready = request
            let error = await #expect(throws: HTTPError.self) { try await client.send(ready) }
            #expect(error?.kind == .invalidRequest && error?.message.contains("not a public address") == true, "\(url)")
        }
        let server = try await LoopbackServer { request in
            Self.redirect(urls[(Int(request.target.dropFirst()) ?? 0) % urls.count])
        }
        for number in urls.indices {
            var request = HTTPRequest.get(server.url("/\(number)"))
            request.redirects = 3
            let ready = request
            let error = await #expect(throws: HTTPError.self) { try await client.send(ready) }
            #expect(error?.kind == .invalidRequest)
        }
        #expect(inside.connectionCount == 0)
        #expect(server.connectionCount > 0)
        try await server.stop()
        try await inside.stop()
    }

    @Test
    func `private and public addresses are distinguished`() {
        for address in [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
            "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
            "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1",
            "203.0.113.9",
            "192.0.2.1", "198.51.100.7", "nonsense", "",
        ] {
            #expect(!UntrustedURL.isPublic(address: address), "\(address)")
        }
        for address in [
            "1.1.1.1", "172.32.0.1", "192.0.3.1", "198.51.99.1", "203.0.114.1", "2002:101:101::", "104.18.7.192",
            "2606:4700::6812:7c0", "::ffff:1.1.1.1",
        ] {
            #expect(UntrustedURL.isPublic(address: address), "\(address)")
        }
    }
}
