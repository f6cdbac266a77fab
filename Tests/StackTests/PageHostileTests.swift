// SPDX-License-Identifier: Apache-2.0

import Calls
import Foundation
import Glibc
import JSON
import JSONRPC
import ServicePool
import TestSupport
import Testing

/// Requests that no browser sends, and uploads of a killed dashboard.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageHostileTests {
    @Test
    func `no header, target or query ends the dashboard`() async throws {
        try await PageFixture.with(["UNDERSTUDY_DASHBOARD_TOKEN": "hush-hush-secret"]) { page in
            let before = try await Self.pid(page.stack)
            let odd = [
                "", ";", ";;", ",", "=", ";q=", "gzip;", ";gzip", "gzip;q=", "gzip;q=1e999", "bytes=", "bytes=-", "\"",
                "[",
            ]
            let names = [
                "Accept-Encoding", "Range", "If-Range", "If-None-Match", "Cookie", "Authorization", "Origin", "Accept",
                "Content-Encoding", "Content-Length", "Expect", "Upgrade", "Connection", "Sec-WebSocket-Key",
            ]
            for target in ["/healthz", "/", "/assets/app.js", "/healthz?=&&a&=b&%20=%", "/?token==", "/ws?after_seq="] {
                for name in names {
                    for value in odd {
                        let peer = RawPeer(port: UInt16(page.port) ?? 0)
                        peer.send(
                            "GET \(target) HTTP/1.1\r\nHost: localhost\r\n\(name): \(value)\r\nConnection: close\r\n\r\n"
                        )
                        #expect(peer.readHeader().hasPrefix("HTTP/1.1 "), "\(target) \(name): \(value)")
                    }
                }
            }
            #expect(try await Self.pid(page.stack) == before)
        }
    }

    @Test
    func `a Content-Length beyond 63 bits is too large, and an invalid close code is a protocol error`() async throws {
        try await PageFixture.with { page in
            for length in ["9223372036854775808", "18446744073709551615"] {
                let peer = RawPeer(port: UInt16(page.port) ?? 0)
                let lines = [
                    "POST /api/jobs HTTP/1.1", "Host: localhost", "X-Understudy: 1", "Content-Length: \(length)",
                ]
                peer.send(lines.joined(separator: "\r\n") + "\r\n\r\n")
                #expect(peer.readHeader().hasPrefix("HTTP/1.1 413 "))
            }
            for (payload, answer) in [
                ([3, 232], 1000), ([3, 237], 1002), ([0, 0], 1002), ([255, 255], 1002), ([3], 1002),
            ]
                as [([UInt8], Int)]
            {
                let watcher = try PageWatcher(page)
                watcher.peer.send([0x88, 0x80 | UInt8(payload.count), 0, 0, 0, 0] + payload)
                #expect(try watcher.closeCode() == answer, "\(payload)")
            }
        }
    }

    @Test
    func `responses are compressed for clients that accept gzip only`() async throws {
        try await PageFixture.with { page in
            for (value, isPacked) in [
                ("gzip", true), ("GZIP", true), ("br, gzip", true), ("gzip;q=0.5", true), ("gzip ; q=0.5", true),
                ("gzip;q=0", false), ("gzip;q=0.000", false), (";", false), ("", false), ("identity", false),
            ] {
                let answer = try await page.curl(
                    "/assets/app.js", "-H", "Accept-Encoding: \(value)", "-o", "/dev/null", "-D", "-")
                #expect((answer.headers["content-encoding"] == "gzip") == isPacked, "\(value)")
            }
        }
    }

    @Test
    func `an unfinished upload of a killed dashboard is removed by the next one; one in progress stays`() async throws {
        try await PageFixture.with { page in
            let folder = "\(page.stack.folder)/state/dashboard/uploads"
            let peer = RawPeer(port: UInt16(page.port) ?? 0)
            peer.send(
                "POST /api/uploads?name=a.mp3 HTTP/1.1\r\nHost: localhost\r\nX-Understudy: 1\r\nContent-Length: 100000\r\n\r\n"
            )
            peer.send([UInt8](repeating: 7, count: 50_000))
            try await until("the upload has begun") { try !Self.files(folder).isEmpty }
            let old = try Self.files(folder)
            // A second dashboard with the same state directory does not remove the upload.
            let second = try await Program(
                "dashboard",
                environment: page.stack.environment.merging(["UNDERSTUDY_INSTANCE": "second"]) { $1 })
            try await until("the second dashboard serves") {
                page.stack.runDirectory.instances(of: "dashboard").contains("second")
            }
            #expect(try Self.files(folder) == old)
            second.signal(SIGTERM)
            _ = await second.waitUntilExit()
            let pid = try await Self.pid(page.stack)
            kill(pid, SIGKILL)
            try await until("another dashboard serves") {
                let new = (try? await Self.pid(page.stack)) ?? 0
                return new != pid && new != 0
            }
            #expect(try Self.files(folder).isEmpty)
        }
    }

    @Test
    func `thousands of pipelined requests get a response each, and unread responses do not fill memory`() async throws {
        try await PageFixture.with { page in
            let job = try await page.film(bytes: 1 << 20)
            let pid = try await Self.pid(page.stack)
            let slow = "GET /api/replicas HTTP/1.1\r\nHost: localhost\r\n\r\n"
            let quick = "GET /api/jobs/\(job)/film HTTP/1.1\r\nHost: localhost\r\nIf-None-Match: *\r\n\r\n"
            let many = RawPeer(port: UInt16(page.port) ?? 0)
            for (text, count) in [
                (String(repeating: quick, count: 2000), 2000),
                (String(repeating: slow, count: 3) + String(repeating: quick, count: 6000), 6003),
            ] {
                Thread { many.send(text) }.start()
                var answers = 0
                var rest = ""
                while answers < count, case let bytes = many.read(), !bytes.isEmpty {
                    let parts = (rest + String(decoding: bytes, as: UTF8.self)).components(separatedBy: "HTTP/1.1 ")
                    answers += parts.count - 1
                    rest = String((parts.last ?? "").suffix(8))
                }
                #expect(answers == count)
            }
            let before = try await page.residentMemory()
            let silent = (0..<2).map { _ in RawPeer(port: UInt16(page.port) ?? 0, receiveBuffer: 4096, timeout: 2) }
            let block = String(repeating: "GET /assets/app.js HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 20_000)
            // Sending ends when the dashboard reads no more.
            for peer in silent { for _ in 0..<20 where peer.send(Array(block.utf8)) {} }
            let grown = try await page.residentMemory() - before
            #expect(grown < 64, "\(grown) MB")
            #expect(try await Self.pid(page.stack) == pid)
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `long runs of combining marks in a body, a target or a header block no other request`() async throws {
        try await PageFixture.with { page in
            let run = String(repeating: "\u{301}\u{316}", count: 80_000)
            let escaped = String(repeating: #"\u0301\u0316"#, count: 80_000)
            for text in [run, escaped] {
                for body in [
                    #"{"options": {"a\#(text)": 1}}"#,
                    #"{"pipeline_data": {"storyboard": {"segments": [], "a\#(text)": 1, "b\#(text)": "c\#(text)"}}}"#,
                ] {
                    try body.write(toFile: "\(page.stack.folder)/body", atomically: true, encoding: .utf8)
                    let answer = try await page.curl(
                        "/api/estimate", "-H", "X-Understudy: 1", "--data-binary", "@\(page.stack.folder)/body")
                    #expect(answer.status == 400, "\(answer.body.prefix(300))")
                }
            }
            let short = String(run.unicodeScalars.prefix(3000).map(Character.init))
            let peer = RawPeer(port: UInt16(page.port) ?? 0)
            let names = [
                "If-None-Match", "Accept-Encoding", "Authorization", "Origin", "Cookie", "Connection", "Range",
            ]
            for path in ["/api/jobs?state=a\(short)", "/a\(short)", "/assets/app.js"] {
                let fields = names.map { "\($0): a\(short)" }.joined(separator: "\r\n")
                peer.send(
                    "GET \(path) HTTP/1.1\r\nHost: localhost\r\n\(fields)\r\nUpgrade: websocket\r\nX-a: b\r\n\r\n")
                guard peer.readHeader().hasPrefix("HTTP/1.1 ") else { break }
            }
            let health = try await page.stack.connect("orchestrator").call(
                ServiceHealth.method, NoParams(), timeout: .seconds(10))
            #expect(health.status == .serving)
            #expect(try await page.curl("/healthz").status == 200)
        }
    }

    @Test
    func `a film that is truncated while it is sent ends the connection`() async throws {
        try await PageFixture.with { page in
            let job = try await page.film(bytes: 100 << 20)
            let pid = try await Self.pid(page.stack)
            let peer = RawPeer(port: UInt16(page.port) ?? 0, receiveBuffer: 65_536)
            peer.send("GET /api/jobs/\(job)/film HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(peer.readHeader().hasPrefix("HTTP/1.1 200"))
            #expect(truncate(page.stack.artifactPath("agent5/final.mp4"), 1000) == 0)
            var count = 0
            while case let bytes = peer.read(), !bytes.isEmpty { count += bytes.count }
            #expect(peer.hasEnded && count < 100 << 20)
            #expect(try await Self.pid(page.stack) == pid)
        }
    }

    /// The names of the files in a folder, sorted; empty if there is no folder.
    private static func files(_ folder: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    /// The process id of the dashboard.
    private static func pid(_ stack: LiveStack) async throws -> Int32 {
        let connection = try await stack.connect("dashboard")
        let health = try await connection.call("rpc.health", params: [:])
        await connection.close()
        return Int32(health["pid"]?.double ?? 0)
    }
}
