import FoundationEssentials
import Synchronization
import Testing

@testable import HTTP

@Suite struct RedirectTests {
    private let client = HTTPClient(environment: [:])

    private static func redirect(_ target: String, status: Int = 302) -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 \(status) Elsewhere\r\nLocation: \(target)\r\nContent-Length: 0\r\n\r\n")
    }

    private static func ok(_ body: String) -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test("redirects to the same server are followed as often as allowed, relative ones too, with what was sent")
    func same() async throws {
        let server = try await LoopbackServer { received in
            switch received.target {
            case "/a": Self.redirect("b?x=1", status: 301)
            case "/b?x=1": Self.redirect("/c", status: 307)
            case "/loop": Self.redirect("/loop")
            default: Self.ok(received.head.contains("Authorization: key") ? "known" : "unknown")
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

    @Test(
        "a redirect to a file, to plain http elsewhere and to addresses that are not public is refused",
        arguments: [
            "file:///etc/passwd", "http://169.254.169.254/latest/meta-data/", "http://localhost:1/", "gopher://x/",
            "https://127.0.0.1:1/", "https://[::1]:1/",
        ])
    func foreign(_ target: String) async throws {
        let server = try await LoopbackServer { _ in Self.redirect(target) }
        var request = HTTPRequest.get(server.url("/"))
        request.redirects = 3
        let ready = request
        await #expect(throws: HTTPError.self) { try await client.send(ready) }
        try await server.stop()
    }

    @Test("the address behind a name that a server tells is looked at before anything is sent")
    func address() async throws {
        let hits = Mutex(0)
        let server = try await LoopbackServer { _ in
            hits.withLock { $0 += 1 }
            return Self.ok("inside")
        }
        var request = HTTPRequest.get("https://127.0.0.1:\(server.port)/")
        request.author = .told(by: "https://provider.example/")
        let refused = request
        await #expect(throws: HTTPError.self) { try await client.send(refused) }
        request = .get(server.url("/"))
        request.author = .told(by: server.url("/v1"))
        #expect(try await client.send(request).body == Data("inside".utf8))
        #expect(hits.withLock { $0 } == 1)
        try await server.stop()
    }

    @Test("no connection is opened to an address that is not public, by its number, by a name, or behind a redirect")
    func connections() async throws {
        let inside = try await LoopbackServer { _ in Self.ok("inside") }
        let urls = ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "127.1", "0x7f000001"].map {
            "https://\($0):\(inside.port)/"
        }
        for url in urls {
            var request = HTTPRequest.get(url)
            request.author = .told(by: "https://provider.example/")
            let ready = request
            let error = await #expect(throws: HTTPError.self) { try await client.send(ready) }
            #expect(error?.kind == .invalidRequest && error?.message.contains("no public address") == true, "\(url)")
        }
        let server = try await LoopbackServer { received in
            Self.redirect(urls[(Int(received.target.dropFirst()) ?? 0) % urls.count])
        }
        for number in urls.indices {
            var request = HTTPRequest.get(server.url("/\(number)"))
            request.redirects = 3
            let ready = request
            let error = await #expect(throws: HTTPError.self) { try await client.send(ready) }
            #expect(error?.kind == .invalidRequest)
        }
        #expect(inside.connections == 0)
        #expect(server.connections > 0)
        try await server.stop()
        try await inside.stop()
    }

    @Test("addresses of the inside are told from public ones")
    func addresses() {
        for inside in [
            "127.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1",
            "0.0.0.0", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fd00:ec2::254",
            "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:7f00:1::", "2001:0:1::1", "2001:db8::1",
            "203.0.113.9",
            "192.0.2.1", "198.51.100.7", "nonsense", "",
        ] {
            #expect(!ForeignURL.isPublic(address: inside), "\(inside)")
        }
        for outside in [
            "1.1.1.1", "172.32.0.1", "192.0.3.1", "198.51.99.1", "203.0.114.1", "2002:101:101::", "104.18.7.192",
            "2606:4700::6812:7c0", "::ffff:1.1.1.1",
        ] {
            #expect(ForeignURL.isPublic(address: outside), "\(outside)")
        }
    }

    @Test("an answer that does not begin in time ends the exchange, one that has begun goes on")
    func firstByte() async throws {
        let server = try await LoopbackServer { received in
            received.target == "/silent"
                ? .silence(nil) : .bytes("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf")
        }
        var request = HTTPRequest.get(server.url("/silent"))
        request.timeouts.firstByte = 0.2
        let silent = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(silent) }
        #expect(error?.kind == .timeout && error?.message.contains("no answer began within 0.2 s") == true)
        request.url = server.url("/")
        #expect(try await client.send(request).body == Data("half".utf8))
        try await server.stop()
    }

    @Test("a part of a file goes up, and bytes go down into the middle of another")
    func parts() async throws {
        let folder = "/tmp/us-part-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let path = "\(folder)/file"
        try Data("0123456789".utf8).write(to: URL(filePath: path))
        let server = try await LoopbackServer { received in
            Self.ok(received.body.isEmpty ? "abc" : String(decoding: received.body, as: UTF8.self))
        }
        let up = HTTPRequest("PUT", server.url("/"), body: .file(path, range: 3..<7))
        #expect(try await client.send(up).body == Data("3456".utf8))
        _ = try await client.send(.get(server.url("/"), sink: .part(path, offset: 4, maximum: 3)))
        #expect(try String(contentsOfFile: path, encoding: .utf8) == "0123abc789")
        await #expect(throws: HTTPError.self) {
            try await client.send(.get(server.url("/"), sink: .part(path, offset: 0, maximum: 2)))
        }
        try await server.stop()
    }

    @Test("what travels compressed is unpacked, and its bound counts what it unpacks to")
    func compressed() async throws {
        // gzip of 100,000 letters `a`.
        let packed = try #require(Data(base64Encoded: Self.letters))
        let server = try await LoopbackServer { received in
            let headers = "Content-Encoding: gzip\r\nContent-Length: \(packed.count)\r\n"
            guard received.head.lowercased().contains("accept-encoding: ") else { return Self.ok("plain") }
            return .raw(Array("HTTP/1.1 200 OK\r\n\(headers)\r\n".utf8) + packed)
        }
        var request = HTTPRequest.get(server.url("/"))
        #expect(try await client.send(request).body == Data("plain".utf8))
        request.acceptsCompression = true
        #expect(try await client.send(request).body == Data(repeating: 97, count: 100_000))
        request.sink = .memory(maximum: 99_999)
        let bounded = request
        let error = await #expect(throws: HTTPError.self) { try await client.send(bounded) }
        #expect(error?.kind == .tooLarge)
        try await server.stop()
    }

    private static let letters =
        "H4sIAAAAAAACA+3BMQEAAADCoKzrX8IaHkABAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAArwaH+uIboIYBAA=="

    @Test("what a server says of when to come back is read in all its forms")
    func retryAfter() {
        func seconds(_ headers: HTTPHeaders) -> Double? { HTTPResponse(status: 429, headers: headers).retryAfter }
        #expect(seconds(["retry-after-ms": "1500", "retry-after": "9"]) == 1.5)
        #expect(seconds(["retry-after": "20"]) == 20)
        #expect(seconds(["retry-after": "Fri, 24 May 2013 00:00:00 GMT"]) == 0)
        #expect(seconds(["retry-after": "Fri, 24 May 2199 00:00:00 GMT"]) == 2_592_000)
        #expect(seconds(["retry-after": "1e30"]) == 2_592_000 && seconds(["retry-after-ms": "1e30"]) == 2_592_000)
        #expect(seconds(["retry-after": "soon"]) == nil && seconds([:]) == nil)
        #expect(seconds(["retry-after": "-1"]) == nil && seconds(["retry-after": "inf"]) == nil)
        #expect(HTTPDate.seconds("Fri, 24 May 2013 00:00:00 GMT") == 1_369_353_600)
    }

    @Test("two hundred polls wait on one thread")
    func polls() async throws {
        let server = try await LoopbackServer { _ in .silence(nil) }
        let before = try Self.threads()
        let tasks = (0..<200).map { _ in Task { try? await client.send(.get(server.url("/"))) } }
        while server.waiting < 200 { try await Task.sleep(for: .milliseconds(5)) }
        #expect(try Self.threads() <= before + 1)
        for task in tasks { task.cancel() }
        for task in tasks { #expect(await task.value == nil) }
        try await server.stop()
    }

    private static func threads() throws -> Int {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
    }
}
