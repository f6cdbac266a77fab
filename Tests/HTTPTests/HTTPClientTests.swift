import FoundationEssentials
import Glibc
import HTTP
import Synchronization
import Testing

@Suite struct HTTPClientTests {
    private let client = HTTPClient(environment: [:])

    private func withServer(
        _ answer: @escaping @Sendable (LoopbackServer.Received) -> LoopbackServer.Reply,
        _ body: (LoopbackServer) async throws -> Void
    ) async throws {
        let server = try await LoopbackServer(answer)
        do {
            try await body(server)
        } catch {
            try? await server.stop()
            throw error
        }
        try await server.stop()
    }

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let path = "/tmp/us-http-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private static func ok(_ body: String, headers: String = "") -> LoopbackServer.Reply {
        .bytes("HTTP/1.1 200 OK\r\n\(headers)Content-Length: \(body.utf8.count)\r\n\r\n\(body)")
    }

    @Test("an answer has its status, its headers whatever their case, and its body")
    func answer() async throws {
        try await withServer({ received in
            #expect(received.head.contains("X-Wish: well done"))
            return .bytes("HTTP/1.1 404 Not Found\r\nX-Reason:  gone \r\nContent-Length: 4\r\n\r\nnone")
        }) { server in
            let response = try await client.send(
                .get(server.url("/a%20b?x=1"), headers: ["X-Wish": "well done"]))
            #expect(response.status == 404)
            #expect(response.headers["x-REASON"] == "gone")
            #expect(response.body == Data("none".utf8))
            #expect(!response.isSuccess)
        }
    }

    @Test("a header's colon and its spaces are what they are whatever character follows them")
    func combining() async throws {
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
        // What may be secret is in no message, whatever stands behind the marks.
        let url = "https://\u{301}ann:hush@\u{301}x.example/\u{301}a?\u{301}key=hush#\u{301}hush"
        let place = HTTPRequest.get(url).place
        #expect(Array(place.utf8) == Array("https://\u{301}x.example/\u{301}a".utf8))
    }

    @Test("the path and the query go out as they were written")
    func path() async throws {
        let targets = Mutex<[String]>([])
        try await withServer({ received in
            targets.withLock { $0.append(received.target) }
            return Self.ok("")
        }) { server in
            _ = try await client.send(.get(server.url("/a//b/./c/../%2F%C3%BC?y=%20&x")))
            _ = try await client.send(HTTPRequest("DELETE", server.url("/z")))
        }
        #expect(targets.withLock { $0 } == ["/a//b/./c/../%2F%C3%BC?y=%20&x", "/z"])
    }

    @Test("bytes and files go up, with their length and without waiting for leave")
    func upload() async throws {
        let large = String(repeating: "0123456789", count: 300_000)
        try await withServer({ received in
            #expect(!received.head.lowercased().contains("expect:"))
            return Self.ok("\(received.head.prefix(4)) \(received.body.count) \(received.body.last ?? 0)")
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

    @Test("a success goes to its file, a failure's body does not")
    func download() async throws {
        let large = String(repeating: "0123456789", count: 300_000)
        try await withServer({ received in
            received.target == "/film" ? Self.ok(large) : .bytes("HTTP/1.1 403 No\r\nContent-Length: 6\r\n\r\ndenied")
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

    @Test("a body beyond its bound ends the transfer, told or not")
    func bounds() async throws {
        try await withServer({ received in
            received.target == "/told"
                ? Self.ok(String(repeating: "x", count: 101))
                : .last("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n\(String(repeating: "x", count: 101))")
        }) { server in
            for target in ["/told", "/untold"] {
                let error = await #expect(throws: HTTPError.self) {
                    try await client.send(.get(server.url(target), sink: .memory(maximum: 100)))
                }
                #expect(error?.kind == .tooLarge)
            }
        }
    }

    @Test("redirects are answers, and never followed")
    func redirect() async throws {
        try await withServer({ _ in
            .bytes("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")
        }) { server in
            let response = try await client.send(.get(server.url("/")))
            #expect(response.status == 302)
            #expect(response.headers["location"] == "file:///etc/passwd")
        }
    }

    @Test("a connection that breaks, an answer cut short and a server that speaks no HTTP are interruptions")
    func broken() async throws {
        try await withServer({ received in
            switch received.target {
            case "/closed": .last("")
            case "/short": .last("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
            default: .last("220 mail ready\r\n")
            }
        }) { server in
            for target in ["/closed", "/short", "/mail"] {
                let error = await #expect(throws: HTTPError.self) { try await client.send(.get(server.url(target))) }
                #expect(error?.kind == .interrupted, "\(target)")
                #expect(error?.isRetryable == true)
            }
        }
    }

    @Test("silence ends with a time-out, and cancelling closes the connection at once")
    func silence() async throws {
        let (gone, continuation) = AsyncStream.makeStream(of: Void.self)
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        try await withServer({ received in
            guard received.target == "/wait" else { return .silence(nil) }
            arrival.yield()
            return .silence(continuation)
        }) { server in
            let error = await #expect(throws: HTTPError.self) {
                try await client.send(
                    .get(server.url("/slow"), timeouts: HTTPRequest.Timeouts(total: 0.2)))
            }
            #expect(error?.kind == .timeout)
            let url = server.url("/wait")
            let task = Task { [client] in try await client.send(.get(url)) }
            for await _ in arrived { break }
            task.cancel()
            await #expect(throws: CancellationError.self) { try await task.value }
            for await _ in gone { break }
        }
    }

    @Test("a task that is cancelled beforehand sends nothing that matters")
    func cancelledBefore() async throws {
        let task = Task { [client] in
            withUnsafeCurrentTask { $0?.cancel() }
            return try await client.send(.get("http://127.0.0.1:9/"))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("who is not there is unreachable, and no message holds a secret")
    func unreachable() async throws {
        let server = try await LoopbackServer { _ in .last("") }
        try await server.stop()
        let error = await #expect(throws: HTTPError.self) {
            try await client.send(.get("http://ann:pass@127.0.0.1:\(server.port)/key?token=secret#secret"))
        }
        #expect(error?.kind == .unreachable)
        #expect(error?.message.hasPrefix("http://127.0.0.1:\(server.port)/key cannot be reached") == true)
        #expect(error?.message.contains("secret") == false && error?.message.contains("pass") == false)
    }

    @Test("what could be taken for another request is refused before it is sent")
    func refused() async {
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

    @Test("files that cannot be read or written are told with the system's reason")
    func files() async throws {
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

    @Test("a hundred transfers run at the same time")
    func many() async throws {
        try await withServer({ received in Self.ok(received.target) }) { server in
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

    @Test("two hundred that wait for their answers do so on one thread")
    func polls() async throws {
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
                while server.waiting < 200 { try await Task.sleep(for: .milliseconds(10)) }
                // One for libcurl, and what the runtime adds by itself for two or more cores.
                #expect(try threads() <= before + 1 + ProcessInfo.processInfo.activeProcessorCount)
                group.cancelAll()
                while let result = await group.nextResult() {
                    #expect(throws: CancellationError.self) { try result.get() }
                }
            }
        }
    }
}
