// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import TestSupport
import Testing

/// The bounds of the page's server: foreign origins, slow and hostile clients, and limits of memory and disk.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PageBoundsTests {
    /// A lead that fails at once.
    private static let quick =
        #"{"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}"#

    /// Sends the header of a `POST` request, without its body.
    private func post(_ path: String, _ page: PageFixture, length: Int, _ lines: String...) -> RawPeer {
        let peer = RawPeer(port: UInt16(page.port) ?? 0)
        let usual = ["POST \(path) HTTP/1.1", "Host: 127.0.0.1:\(page.port)", "Content-Length: \(length)"]
        peer.send((usual + lines).joined(separator: "\r\n") + "\r\n\r\n")
        return peer
    }

    @Test
    func `only loopback addresses and configured host names are accepted`() async throws {
        try await PageFixture.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_HOSTS": "films.example, Other.example"]) {
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
            // DNS rebinding: a foreign name that resolves to this machine, with a page of its own.
            let evil = "127.evil.example:\(page.port)"
            let peer = post("/api/jobs", page, length: 2, "X-Understudy: 1", "Origin: http://\(evil)")
            #expect(peer.readHeader().hasPrefix("HTTP/1.1 401"))
            let start = try await page.curl(
                "/api/jobs", host: evil, ["X-Understudy: 1", "Origin: http://\(evil)"], "-d", "{}")
            #expect(start.status == 401)
            // A page that is served under a configured name may send requests.
            let named = "films.example:\(page.port)"
            let accepted = try await page.curl(
                "/api/retry-failed", host: named, ["X-Understudy: 1", "Origin: https://\(named)"], "-d", "")
            #expect(accepted.status == 200, "\(accepted.body)")
        }
    }

    @Test
    func `an unauthorized request is rejected before its body, which is kept neither in memory nor on disk`()
        async throws
    {
        try await PageFixture.with(script: Self.quick) { page in
            let uploads = "\(page.stack.folder)/state/dashboard/uploads"
            for lines in [
                ["X-Understudy: 1", "Origin: http://evil.example"], ["Origin: http://127.0.0.1:\(page.port)"],
            ] {
                // The response arrives before any byte of the body.
                let peer = post("/api/uploads?name=a.mp3", page, length: 60_000_000, lines.joined(separator: "\r\n"))
                #expect(peer.readHeader().hasPrefix("HTTP/1.1 401"))
                peer.send([UInt8](repeating: 0x61, count: 8_000_000))
            }
            let nameless = post("/api/uploads?name=a.html", page, length: 60_000_000, "X-Understudy: 1")
            #expect(nameless.readHeader().hasPrefix("HTTP/1.1 400"))
            #expect((try? FileManager.default.contentsOfDirectory(atPath: uploads)) ?? [] == [])
            let before = try await page.residentMemory()
            let body = [UInt8](repeating: 0x20, count: 7_900_000)
            let peers = (0..<20).map { _ in
                let peer = post("/api/jobs", page, length: body.count, "X-Understudy: 1", "Sec-Fetch-Site: cross-site")
                peer.send(body)
                return peer
            }
            for peer in peers { #expect(peer.readHeader().hasPrefix("HTTP/1.1 401")) }
            #expect(try await page.residentMemory() - before < 40)
            #expect(try await page.curl("/healthz").status == 200)
        }
    }

    @Test
    func `a watcher that floods pings or close frames and reads nothing is disconnected, and memory stays flat`()
        async throws
    {
        try await PageFixture.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_STALL_S": "1"]) { page in
            let before = try await page.residentMemory()
            for frame in [PageWatcher.frame(9, 125), PageWatcher.frame(9, 0), PageWatcher.frame(8, 2)] {
                let watcher = try PageWatcher(page, receiveBuffer: 4096)
                let many = Array(repeatElement(frame, count: 2000).joined())
                var sent = 0
                while sent < 400 << 20, watcher.peer.send(many) { sent += many.count }
                #expect(sent < 400 << 20, "the watcher was not disconnected")
            }
            #expect(try await page.residentMemory() - before < 40)
            // A watcher that reads gets its pong.
            let reading = try PageWatcher(page)
            _ = try reading.next()
            reading.peer.send(PageWatcher.frame(9, 3))
            #expect(reading.peer.read(exactly: 5) == [0x8A, 3, 0, 0, 0].enumerated().map { $0 < 2 ? $1 : 0x61 })
        }
    }

    @Test
    func `stalled request bodies and idle connections are closed; slow downloads are not`() async throws {
        let bounds = [
            "UNDERSTUDY_DASHBOARD_BODY_S": "1", "UNDERSTUDY_DASHBOARD_IDLE_S": "4",
            "UNDERSTUDY_DASHBOARD_HEADER_S": "1",
        ]
        try await PageFixture.with(script: Self.quick, bounds) { page in
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

    @Test
    func `a client that reads nothing of a film loses its connection to the next client`() async throws {
        let bounds = ["UNDERSTUDY_DASHBOARD_CONNECTIONS": "1", "UNDERSTUDY_DASHBOARD_IDLE_S": "1"]
        try await PageFixture.with(script: Self.quick, bounds) { page in
            let job = try await page.film(bytes: 64 << 20)
            let peer = RawPeer(port: UInt16(page.port) ?? 0, receiveBuffer: 4096)
            peer.send("GET /api/jobs/\(job)/film HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(peer.readHeader().hasPrefix("HTTP/1.1 200"))
            try await until("another client is served") { try await page.curl("/healthz").status == 200 }
            #expect(peer.readAll().utf8.count < 64 << 20)
        }
    }

    @Test
    func `invalid headers get an error, HEAD has no body, and pipelined requests get a response each`() async throws {
        try await PageFixture.with(script: Self.quick) { page in
            func exchange(_ text: String) -> String {
                let peer = RawPeer(port: UInt16(page.port) ?? 0)
                peer.send(text)
                return peer.readAll()
            }
            let host = "Host: 127.0.0.1:\(page.port)\r\n"
            let long = exchange("GET / HTTP/1.1\r\n\(host)X-Long: \(String(repeating: "x", count: 100_000))\r\n\r\n")
            #expect(long.hasPrefix("HTTP/1.1 431") && long.contains("the request's header is too large"), "\(long)")
            let many = (0..<150).map { "X-\($0): 1\r\n" }.joined()
            #expect(exchange("GET / HTTP/1.1\r\n\(host)\(many)\r\n").hasPrefix("HTTP/1.1 431"))
            let nonsense = exchange("NONSENSE\r\n\r\n")
            #expect(
                nonsense.hasPrefix("HTTP/1.1 400") && nonsense.contains(#""kind":"invalid_request""#), "\(nonsense)")
            for refused in [
                "HEAD /api/jobs HTTP/1.1\r\nHost: evil.example\r\n\r\n", "HEAD /%00 HTTP/1.1\r\n\(host)\r\n",
            ] {
                let answer = exchange(refused)
                #expect(answer.hasPrefix("HTTP/1.1 40") && answer.hasSuffix("\r\n\r\n"), "\(answer)")
            }
            let both = exchange(
                "GET /healthz HTTP/1.1\r\n\(host)\r\nGET /healthz HTTP/1.1\r\n\(host)Connection: close\r\n\r\n")
            #expect(both.components(separatedBy: "\r\n\r\nok\n").count == 3, "\(both)")
            for seq in ["abc", "-1", "1.5", ""] {
                let error = #expect(throws: ServiceError.self) { try PageWatcher(page, "after_seq=\(seq)") }
                #expect(
                    error?.message.contains("HTTP/1.1 400") == true && error?.message.contains("/after_seq") == true)
            }
        }
    }

    @Test
    func `concurrent uploads share a limit: one more gets 507, and is accepted when they have ended`() async throws {
        try await PageFixture.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_UPLOADS_BYTES": "300000"]) { page in
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
            var uploading: [RawPeer] = [post("/api/uploads?name=a.mp3", page, length: 200_000, "X-Understudy: 1")]
            uploading[0].send([UInt8](repeating: 7, count: 150_000))
            try await until("the first upload is on disk") { onDisk() >= 150_000 }
            #expect(try await upload() == 507)
            // The same without a length that could be checked before.
            #expect(try await upload("-H", "Transfer-Encoding: chunked") == 507)
            #expect(onDisk() <= 300_000)
            uploading = []
            try await until("the first upload is removed") { try await upload() == 201 }
            #expect(try await upload() == 201, "uploads in the store do not count")
        }
    }
}
