import Contracts
import Faults
import Foundation
import Testing

/// What the page's server takes from strangers, from the slow and from the rude: nothing, and no more than is said.
@Suite(.serialized) struct PageBoundsTests {
    private static let quick =
        #"{"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}"#

    /// A request that changes something, its body still to come.
    private func post(_ path: String, _ page: PageScene, length: Int, _ lines: String...) -> RawPeer {
        let peer = RawPeer(port: UInt16(page.port) ?? 0)
        let usual = ["POST \(path) HTTP/1.1", "Host: 127.0.0.1:\(page.port)", "Content-Length: \(length)"]
        peer.send((usual + lines).joined(separator: "\r\n") + "\r\n\r\n")
        return peer
    }

    @Test("only this machine's own addresses and the names that were given are ours, whatever others begin with")
    func hosts() async throws {
        try await PageScene.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_HOSTS": "films.example, Other.example"]) {
            page in
            func status(_ host: String, _ headers: String...) async throws -> Int {
                try await page.curl("/api/jobs", host: host, headers).status
            }
            for host in [
                "127.0.0.1", "127.7.7.7", "localhost", "x.localhost", "[::1]", "films.example", "other.example",
            ] {
                #expect(try await status("\(host):\(page.port)") == 200, "\(host)")
            }
            for host in [
                "127.evil.example", "127.0.0.1.evil.example", "127.0.0.1evil", "127.0.0", "127.0.0.1.", "1127.0.0.1",
                "127.0.0.1:80.evil.example",
                "localhost.evil.example", "evillocalhost", "[::1].evil.example", "[::2]", "[::ffff:8.8.8.8]", "8.8.8.8",
                "x.films.example", "films.example.evil", "",
            ] {
                #expect(try await status(host) == 401, "\(host)")
            }
            // A name that was bent to lead here, and its own page.
            let evil = "127.evil.example:\(page.port)"
            let peer = post("/api/jobs", page, length: 2, "X-Understudy: 1", "Origin: http://\(evil)")
            #expect(peer.readHeader().hasPrefix("HTTP/1.1 401"))
            let start = try await page.curl(
                "/api/jobs", host: evil, ["X-Understudy: 1", "Origin: http://\(evil)"], "-d", "{}")
            #expect(start.status == 401)
            // A page that is served by a name of its own may change things.
            let named = "films.example:\(page.port)"
            let ours = try await page.curl(
                "/api/retry-failed", host: named, ["X-Understudy: 1", "Origin: https://\(named)"], "-d", "")
            #expect(ours.status == 200, "\(ours.body)")
        }
    }

    @Test("who may not ask is told so before a byte of the body, and nothing of it is kept in memory or on the disk")
    func gateFirst() async throws {
        try await PageScene.with(script: Self.quick) { page in
            let uploads = "\(page.stack.folder)/state/dashboard/uploads"
            for lines in [
                ["X-Understudy: 1", "Origin: http://evil.example"], ["Origin: http://127.0.0.1:\(page.port)"],
            ] {
                // The answer comes although there is nothing of the body yet.
                let peer = post("/api/uploads?name=a.mp3", page, length: 60_000_000, lines.joined(separator: "\r\n"))
                #expect(peer.readHeader().hasPrefix("HTTP/1.1 401"))
                peer.send([UInt8](repeating: 0x61, count: 8_000_000))
            }
            let nameless = post("/api/uploads?name=a.html", page, length: 60_000_000, "X-Understudy: 1")
            #expect(nameless.readHeader().hasPrefix("HTTP/1.1 400"))
            #expect((try? FileManager.default.contentsOfDirectory(atPath: uploads)) ?? [] == [])
            let before = try await page.resident()
            let body = [UInt8](repeating: 0x20, count: 7_900_000)
            let peers = (0..<20).map { _ in
                let peer = post("/api/jobs", page, length: body.count, "X-Understudy: 1", "Sec-Fetch-Site: cross-site")
                peer.send(body)
                return peer
            }
            for peer in peers { #expect(peer.readHeader().hasPrefix("HTTP/1.1 401")) }
            #expect(try await page.resident() - before < 40)
            #expect(try await page.curl("/healthz").status == 200)
        }
    }

    @Test("a watcher that pings, or says goodbye, without end and reads nothing is sent away, and memory stays flat")
    func flood() async throws {
        try await PageScene.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_STALL_S": "1"]) { page in
            let before = try await page.resident()
            for frame in [PageWatcher.frame(9, 125), PageWatcher.frame(9, 0), PageWatcher.frame(8, 2)] {
                let watcher = try PageWatcher(page, window: 4096)
                let many = Array(repeatElement(frame, count: 2000).joined())
                var sent = 0
                while sent < 400 << 20, watcher.peer.send(many) { sent += many.count }
                #expect(sent < 400 << 20, "it may flood for ever")
            }
            #expect(try await page.resident() - before < 40)
            // One that reads gets its pong.
            let polite = try PageWatcher(page)
            _ = try polite.next()
            polite.peer.send(PageWatcher.frame(9, 3))
            #expect(polite.peer.read(exactly: 5) == [0x8A, 3, 0, 0, 0].enumerated().map { $0 < 2 ? $1 : 0x61 })
        }
    }

    @Test("a body that stops and a connection that asks nothing are ended; a download that is slow is not")
    func slow() async throws {
        let bounds = [
            "UNDERSTUDY_DASHBOARD_BODY_S": "1", "UNDERSTUDY_DASHBOARD_IDLE_S": "4",
            "UNDERSTUDY_DASHBOARD_HEADER_S": "1",
        ]
        try await PageScene.with(script: Self.quick, bounds) { page in
            let half = post("/api/jobs", page, length: 100, "X-Understudy: 1")
            half.send("{\"session_id\":")
            #expect(half.readAll() == "" && half.hasEnded)
            let idle = RawPeer(port: UInt16(page.port) ?? 0)
            idle.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(idle.readAll().hasSuffix("ok\n") && idle.hasEnded)
            let job = try await page.film(bytes: 24 << 20)
            let slow = try await Program.run(
                "/usr/bin/curl",
                [
                    "-s", "-o", "/dev/null", "-w", "%{size_download}", "--limit-rate", "8M", "-H", "Connection: close",
                    "\(page.url)/api/jobs/\(job)/film",
                ])
            #expect(slow.status == 0 && slow.output == "\(24 << 20)\n", "\(slow)")
        }
    }

    @Test("a browser that asks for a film and takes none of it gives its place to the next")
    func writeTimeout() async throws {
        let bounds = ["UNDERSTUDY_DASHBOARD_CONNECTIONS": "1", "UNDERSTUDY_DASHBOARD_IDLE_S": "1"]
        try await PageScene.with(script: Self.quick, bounds) { page in
            let job = try await page.film(bytes: 64 << 20)
            let peer = RawPeer(port: UInt16(page.port) ?? 0, window: 4096)
            peer.send("GET /api/jobs/\(job)/film HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(peer.readHeader().hasPrefix("HTTP/1.1 200"))
            var status = 503
            for _ in 0..<1000 where status == 503 { status = try await page.curl("/healthz").status }
            #expect(status == 200)
            #expect(peer.readAll().utf8.count < 64 << 20)
        }
    }

    @Test(
        "a header that cannot be read is answered in words; HEAD has no body; two requests in one breath, two answers")
    func headers() async throws {
        try await PageScene.with(script: Self.quick) { page in
            func ask(_ text: String) -> String {
                let peer = RawPeer(port: UInt16(page.port) ?? 0)
                peer.send(text)
                return peer.readAll()
            }
            let host = "Host: 127.0.0.1:\(page.port)\r\n"
            let long = ask("GET / HTTP/1.1\r\n\(host)X-Long: \(String(repeating: "x", count: 100_000))\r\n\r\n")
            #expect(long.hasPrefix("HTTP/1.1 431") && long.contains("the request's header is too large"), "\(long)")
            let many = (0..<150).map { "X-\($0): 1\r\n" }.joined()
            #expect(ask("GET / HTTP/1.1\r\n\(host)\(many)\r\n").hasPrefix("HTTP/1.1 431"))
            let nonsense = ask("NONSENSE\r\n\r\n")
            #expect(
                nonsense.hasPrefix("HTTP/1.1 400") && nonsense.contains(#""kind":"invalid_request""#), "\(nonsense)")
            for refused in [
                "HEAD /api/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HEAD /%00 HTTP/1.1\r\n\(host)\r\n",
            ] {
                let answer = ask(refused)
                #expect(answer.hasPrefix("HTTP/1.1 40") && answer.hasSuffix("\r\n\r\n"), "\(answer)")
            }
            let both = ask(
                "GET /healthz HTTP/1.1\r\n\(host)\r\nGET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            #expect(both.components(separatedBy: "\r\n\r\nok\n").count == 3, "\(both)")
            for seq in ["abc", "-1", "1.5", ""] {
                let error = #expect(throws: ServiceError.self) { try PageWatcher(page, "after_seq=\(seq)") }
                #expect(
                    error?.message.contains("HTTP/1.1 400") == true && error?.message.contains("/after_seq") == true)
            }
        }
    }

    @Test("all uploads under way share a bound: one more is refused by 507, and fits when they are done")
    func uploadRoom() async throws {
        try await PageScene.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_UPLOADS_BYTES": "300000"]) { page in
            let folder = "\(page.stack.folder)/state/dashboard/uploads"
            func onDisk() -> Int {
                let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
                return names.reduce(0) { sum, name in
                    let facts = try? FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")
                    return sum + (facts?[.size] as? Int ?? 0)
                }
            }
            let file = "\(page.stack.folder)/sound.mp3"
            try Data(repeating: 7, count: 200_000).write(to: URL(filePath: file))
            func upload(_ more: String...) async throws -> Int {
                try await page.curl(
                    "/api/uploads?name=b.mp3", ["-H", "X-Understudy: 1", "--data-binary", "@\(file)"] + more
                ).status
            }
            var held: [RawPeer] = [post("/api/uploads?name=a.mp3", page, length: 200_000, "X-Understudy: 1")]
            held[0].send([UInt8](repeating: 7, count: 150_000))
            while onDisk() < 150_000 { try await Task.sleep(for: .milliseconds(5)) }
            #expect(try await upload() == 507)
            // The same without a length that could be looked at before.
            #expect(try await upload("-H", "Transfer-Encoding: chunked") == 507)
            #expect(onDisk() <= 300_000)
            held = []
            while try await upload() != 201 { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try await upload() == 201, "what is in the store counts no more")
        }
    }
}
