// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import HTTP
import Synchronization
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(2))) struct HTTPClientTests {
    private let client = HTTPClient(environment: [:])

    private func withServer(
        _ reply: @escaping @Sendable (LoopbackServer.ReceivedRequest) -> LoopbackServer.Reply,
        _ body: (LoopbackServer) async throws -> Void
    ) async throws {
        let server = try await LoopbackServer(reply)
        do {
            try await body(server)
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let path = TemporaryPath.new("http")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private static func ok(_ body: String, headers: String = "") -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test
    func `a response has its status, its headers regardless of case, and its body`() async throws {
        try await withServer({ request in
            #expect(request.head.contains("X-Request: well done"))
            return .bytes("HTTP/1.1 404 Not Found\r\nX-Reason:  gone \r\nContent-Length: 4\r\n\r\nnone")
        }) { server in
            let response = try await client.send(
                .get(server.url("/a%20b?x=1"), headers: ["X-Request": "well done"]))
            #expect(response.status == 404)
            #expect(response.headers["x-REASON"] == "gone")
            #expect(response.body == Data("none".utf8))
            #expect(!response.isSuccess)
        }
    }

    @Test
    func `header delimiters followed by combining characters are still delimiters`() async throws {
        try await withServer({ _ in
            .bytes(
                "HTTP/1.1 200 OK\r\nX-One:\u{301}a\r\nX-Two: \u{301}b\u{301} \t\r\nX-Three:\r\nContent-Length: 0\r\n\r\n"
            )
        }) { server in
            let headers = try await client.send(.get(server.url("/"))).headers
            #expect(headers["x-one"].map { Array($0.utf8) } == Array("\u{301}a".utf8))
            #expect(headers["x-two"].map { Array($0.utf8) } == Array("\u{301}b\u{301}".utf8))
            #expect(headers["x-three"] == "")
        }
        // User and query are removed even if combining characters follow the delimiters.
        let url = "https://\u{301}ann:hush@\u{301}x.example/\u{301}a?\u{301}key=hush#\u{301}hush"
        let redactedURL = HTTPRequest.get(url).redactedURL
        #expect(Array(redactedURL.utf8) == Array("https://\u{301}x.example/\u{301}a".utf8))
    }

    @Test
    func `the path and the query are sent unchanged`() async throws {
        let targets = Mutex<[String]>([])
        try await withServer({ request in
            targets.withLock { $0.append(request.target) }
            return Self.ok("")
        }) { server in
            _ = try await client.send(.get(server.url("/a//b/./c/../%2F%C3%BC?y=%20&x")))
            _ = try await client.send(HTTPRequest("DELETE", server.url("/z")))
        }
        #expect(targets.withLock { $0 } == ["/a//b/./c/../%2F%C3%BC?y=%20&x", "/z"])
    }

    @Test
    func `bytes and files are uploaded with their length and without Expect: 100-continue`() async throws {
        let large = String(repeating: "0123456789", count: 300_000)
        try await withServer({ request in
            #expect(!request.head.lowercased().contains("expect:"))
            return Self.ok("\(request.head.prefix(4)) \(request.body.count) \(request.body.last ?? 0)")
        }) { server in
            let small = try await client.send(HTTPRequest("POST", server.url("/"), body: .bytes(Data("hello".utf8))))
            #expect(String(decoding: small.body, as: UTF8.self) == "POST 5 111")
            let empty = try await client.send(HTTPRequest("PUT", server.url("/")))
            #expect(String(decoding: empty.body, as: UTF8.self) == "PUT  0 0")
            try await withFolder { folder in
                try large.write(toFile: "\(folder)/up", atomically: false, encoding: .utf8)
                let file = try await client.send(HTTPRequest("PUT", server.url("/"), body: .file("\(folder)/up")))
                #expect(String(decoding: file.body, as: UTF8.self) == "PUT  3000000 57")
            }
        }
    }

    @Test
    func `only the body of a successful response is written to the file`() async throws {
        let large = String(repeating: "0123456789", count: 300_000)
        try await withServer({ request in
            request.target == "/film" ? Self.ok(large) : .bytes("HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\ndenied")
        }) { server in
            try await withFolder { folder in
                let film = try await client.send(
                    .get(server.url("/film"), sink: .file("\(folder)/film", maximum: 3_000_000)))
                #expect(film.body.isEmpty && film.bodySize == 3_000_000)
                #expect(try String(contentsOfFile: "\(folder)/film", encoding: .utf8) == large)
                let denied = try await client.send(
                    .get(server.url("/no"), sink: .file("\(folder)/no", maximum: 10)))
                #expect(denied.body == Data("denied".utf8))
                #expect(!FileManager.default.fileExists(atPath: "\(folder)/no"))
            }
        }
    }

    @Test
    func `a body beyond the maximum fails, with and without Content-Length`() async throws {
        try await withServer({ request in
            request.target == "/length"
                ? Self.ok(String(repeating: "x", count: 101))
                : .bytesThenClose("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(String(repeating: "x", count: 101))")
        }) { server in
            for target in ["/length", "/no-length"] {
                let error = await #expect(throws: HTTPError.self) {
                    try await client.send(.get(server.url(target), sink: .memory(maximum: 100)))
                }
                #expect(error?.kind == .tooLarge)
            }
        }
    }

    @Test
    func `redirects are returned as responses by default`() async throws {
        try await withServer({ _ in
            .bytes("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
        }) { server in
            let response = try await client.send(.get(server.url("/")))
            #expect(response.status == 302)
            #expect(response.headers["location"] == "file:///etc/passwd")
        }
    }

    @Test
    func `a broken connection, a truncated response and a peer that does not speak HTTP are interruptions`()
        async throws
    {
        try await withServer({ request in
            switch request.target {
            case "/closed": .bytesThenClose("")
            case "/short": .bytesThenClose("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            default: .bytesThenClose("220 mail ready\r\n")
            }
        }) { server in
            for target in ["/closed", "/short", "/mail"] {
                let error = await #expect(throws: HTTPError.self) { try await client.send(.get(server.url(target))) }
                #expect(error?.kind == .interrupted, "\(target)")
                #expect(error?.isRetryable == true)
            }
        }
    }

    @Test
    func `a silent server causes a timeout, and cancellation closes the connection at once`() async throws {
        let (disconnections, disconnection) = AsyncStream.makeStream(of: Void.self)
        let (arrivals, arrival) = AsyncStream.makeStream(of: Void.self)
        try await withServer({ request in
            guard request.target == "/wait" else { return .silence(nil) }
            arrival.yield()
            return .silence(disconnection)
        }) { server in
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(
                    .get(server.url("/slow"), timeouts: HTTPRequest.Timeouts(total: 0.2)))
            }
            #expect(error?.kind == .timeout)
            let url = server.url("/wait")
            let task = Task { [client] in try await client.send(.get(url)) }
            for await _ in arrivals { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            for await _ in disconnections { break }
        }
    }

    @Test
    func `a task that is already cancelled throws CancellationError`() async throws {
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(.get("http://127.0.0.1:9/"))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test
    func `a closed port is unreachable, and the message contains no secrets`() async throws {
        let server = try await LoopbackServer { _ in .bytesThenClose("") }
        try await server.stop()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(.get("http://ann:pass@127.0.0.1:\(server.port)/key?token=secret#secret"))
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.message.hasPrefix("http://127.0.0.1:\(server.port)/key cannot be reached") == true)
        #expect(error?.message.contains("secret") == false && error?.message.contains("pass") == false)
    }

    @Test
    func `ambiguous requests are rejected before they are sent`() async {
        let requests = [
            .get("file:///etc/passwd"), .get("http://127.0.0.1/a b"),
            .get("http://127.0.0.1/\r\nX: y"), .get("ftp://127.0.0.1/"),
            HTTPRequest("G T", "http://127.0.0.1/"),
            .get("http://127.0.0.1/", headers: ["X": "a\r\nY: b"]),
            .get("http://127.0.0.1/", headers: ["X:": "a"]),
        ]
        for request in requests {
            let error = await #expect(throws: HTTPError.self) { try await client.send(request) }
            #expect(error?.kind == .invalidRequest)
        }
    }

    @Test
    func `file errors carry the errno`() async throws {
        try await withServer({ _ in Self.ok("body") }) { server in
            let missing = await #expect(throws: HTTPError.self) {
                try await client.send(HTTPRequest("PUT", server.url("/"), body: .file("/nowhere/file")))
            }
            #expect(missing?.kind == .file && missing?.code == ENOENT)
            let full = await #expect(throws: HTTPError.self) {
                try await client.send(.get(server.url("/"), sink: .file("/dev/full", maximum: 10)))
            }
            #expect(full?.kind == .file && full?.code == ENOSPC)
        }
    }

    @Test
    func `a hundred transfers run concurrently`() async throws {
        try await withServer({ request in Self.ok(request.target) }) { server in
            try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<100 {
                    let url = server.url("/\(number)")
                    group.addTask { [client] in
                        String(decoding: try await client.send(.get(url)).body, as: UTF8.self)
                    }
                }
                var seen: Set<String> = []
                for try await text in group { seen.insert(text) }
                #expect(seen.count == 100)
            }
        }
    }

    @Test
    func `two hundred waiting transfers share one thread`() async throws {
        try await withServer({ _ in .silence(nil) }) { server in
            func threads() throws -> Int {
                try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task").count
            }
            let before = try threads()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<200 {
                    let url = server.url("/\(number)")
                    group.addTask { [client] in _ = try await client.send(.get(url)) }
                }
                try await server.waitForSilentRequests(200)
                // One thread for libcurl, plus the threads that the Swift runtime may add for the cores.
                #expect(try threads() <= before + 1 + ProcessInfo.processInfo.activeProcessorCount)
                group.cancelAll()
                while let result = await group.nextResult() {
                    #expect(throws: CancellationError.self) { try result.get() }
                }
            }
        }
    }
}
