import Foundation
import Glibc
import JSONRPC
import ServicePool
import Testing

/// Requests that no browser sends, and what a dashboard leaves behind that is killed.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageHostileTests {
    /// Answers that end the page's process on a subscript or a conversion.
    @Test("no header, target or query ends the page, with or without a token")
    func headers() async throws {
        try await PageScene.with(["UNDERSTUDY_DASHBOARD_TOKEN": "hush-hush-secret"]) { page in
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

    @Test("a length beyond 63 bits is too large at once; a WebSocket's close code that no frame may carry is an error")
    func numbers() async throws {
        try await PageScene.with { page in
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

    @Test("packed answers go to those who name gzip, and not to those who refuse it")
    func coding() async throws {
        try await PageScene.with { page in
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

    @Test("an upload of a dashboard that was killed is removed by the next one; one that is coming in stays")
    func uploads() async throws {
        try await PageScene.with { page in
            let folder = "\(page.stack.folder)/state/dashboard/uploads"
            let peer = RawPeer(port: UInt16(page.port) ?? 0)
            peer.send(
                "POST /api/uploads?name=a.mp3 HTTP/1.1\r\nHost: localhost\r\nX-Understudy: 1\r\nContent-Length: 100000\r\n\r\n"
            )
            peer.send([UInt8](repeating: 7, count: 50_000))
            while try Self.files(folder).isEmpty { try await Task.sleep(for: .milliseconds(10)) }
            let old = try Self.files(folder)
            // Another dashboard of the same state directory takes nothing of one that lives.
            let second = try await Program(
                "dashboard",
                environment: page.stack.environment.merging(["UNDERSTUDY_INSTANCE": "second"]) { $1 })
            while !page.stack.run.instances(of: "dashboard").contains("second") {
                try await Task.sleep(for: .milliseconds(20))
            }
            #expect(try Self.files(folder) == old)
            second.signal(SIGTERM)
            _ = await second.ended()
            let pid = try await Self.pid(page.stack)
            kill(pid, SIGKILL)
            var new = pid
            while new == pid || new == 0 {
                try await Task.sleep(for: .milliseconds(50))
                new = (try? await Self.pid(page.stack)) ?? 0
            }
            #expect(try Self.files(folder).isEmpty)
        }
    }

    @Test("a film that becomes shorter while it is sent ends the connection, and keeps nobody busy")
    func truncated() async throws {
        try await PageScene.with { page in
            let job = try await page.film(bytes: 100 << 20)
            let pid = try await Self.pid(page.stack)
            let peer = RawPeer(port: UInt16(page.port) ?? 0, window: 65_536)
            peer.send("GET /api/jobs/\(job)/film HTTP/1.1\r\nHost: localhost\r\n\r\n")
            #expect(peer.readHeader().hasPrefix("HTTP/1.1 200"))
            #expect(truncate(page.stack.place("agent5/final.mp4"), 1000) == 0)
            var count = 0
            while case let bytes = peer.read(), !bytes.isEmpty { count += bytes.count }
            #expect(peer.hasEnded && count < 100 << 20)
            #expect(try await Self.pid(page.stack) == pid)
        }
    }

    private static func files(_ folder: String) throws -> [String] {
        guard FileManager.default.fileExists(atPath: folder) else { return [] }
        return try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    private static func pid(_ stack: LiveStack) async throws -> Int32 {
        let connection = try await stack.connect("dashboard")
        let health = try await connection.call("rpc.health", params: [:])
        await connection.close()
        return Int32(health["pid"]?.double ?? 0)
    }
}
