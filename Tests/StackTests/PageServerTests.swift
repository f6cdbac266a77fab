// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import Glibc
import JSON
import JSONRPC
import TestSupport
import Testing

/// The responses of the page's server, and its access control.
@Suite(.serialized, .timeLimit(.minutes(5))) struct PageServerTests {
    /// A lead that fails at once.
    private static let quick =
        #"{"calls": [{"steps": [{"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}"#

    @Test
    func `the page is compressed, has ETags and a strict content security policy, and is under 150 kB`() async throws {
        try await PageFixture.with(script: Self.quick) { page in
            let first = try await page.curl("/")
            #expect(first.status == 200 && first.body.contains("<main"))
            #expect(
                first.headers["content-security-policy"]?.hasPrefix("default-src 'none'; script-src 'self';") == true)
            #expect(first.headers["x-content-type-options"] == "nosniff")
            let tag = try #require(first.headers["etag"])
            #expect(try await page.curl("/", "-H", "If-None-Match: \(tag)").status == 304)
            let names = Set(first.body.matches(of: /\/assets\/([\w.]+)/).map { String($0.1) })
            #expect(names.contains("app.js") && names.contains("icon.svg"))
            var weight = first.body.utf8.count
            for name in names {
                let asset = try await page.curl("/assets/\(name)")
                #expect(asset.status == 200, "\(name)")
                weight += asset.body.utf8.count
                let packed = try await page.curl(
                    "/assets/\(name)", "-H", "Accept-Encoding: gzip", "-o", "/dev/null", "-D", "-")
                #expect(packed.headers["content-encoding"] == "gzip" && packed.headers["etag"] != asset.headers["etag"])
            }
            #expect(weight < 150_000)
            for path in ["/jobs/x", "/jobs/new", "/services", "/drill"] {
                #expect(try await page.curl(path).status == 200)
            }
            #expect(try await page.curl("/healthz").body == "ok\n")
            #expect(try await page.curl("/metrics").body.contains("understudy_replica_up{service=\"clipper\""))
            #expect(try await page.stack.understudy("open").output == "\(page.url)\n")
            #expect(try await page.stack.understudy("open", "job-1").output == "\(page.url)/jobs/job-1\n")
        }
    }

    @Test
    func `films are served by ranges, with chapters, and missing resources are 404`() async throws {
        try await PageFixture.with(script: Self.quick) { page in
            let job = try await page.start(session: "s", segments: 2)
            let view = try await page.stack.waitForEnd(of: job)
            #expect(view.state == .finished)
            let film = page.stack.artifactPath("agent5/final.mp4", user: "web")
            let bytes = try Data(contentsOf: URL(filePath: film))
            let path = "/api/jobs/\(job)/film"
            let whole = try await page.curl(path, "-I")
            #expect(whole.status == 200 && whole.headers["content-type"] == "video/mp4")
            #expect(whole.headers["content-length"] == "\(bytes.count)" && whole.headers["accept-ranges"] == "bytes")
            func part(_ range: String, _ more: String...) async throws -> (Data, String) {
                let copy = "\(page.stack.folder)/part"
                let result = try await Program.run(
                    "/usr/bin/curl",
                    [
                        "-s", "-o", copy, "-w", "%{http_code} %header{content-range}", "-H", "Range: \(range)",
                        "\(page.url)\(path)",
                    ] + more)
                return (
                    try Data(contentsOf: URL(filePath: copy)),
                    result.output.trimmingCharacters(in: .whitespacesAndNewlines)
                )
            }
            let middle = try await part("bytes=100-1099")
            #expect(middle.0 == bytes[100..<1100] && middle.1 == "206 bytes 100-1099/\(bytes.count)")
            let tail = try await part("bytes=-7")
            #expect(tail.0 == bytes.suffix(7) && tail.1.hasPrefix("206"))
            let changed = try await part("bytes=0-1", "-H", "If-Range: \"other\"")
            #expect(changed.0 == bytes && changed.1.hasPrefix("200"))
            let beyond = try await part("bytes=\(bytes.count)-")
            #expect(beyond.1 == "416 bytes */\(bytes.count)")
            let absurd = try await part("bytes=99999999999999999999-5")
            #expect(absurd.1.hasPrefix("200"), "\(absurd.1)")
            #expect(try await part("bytes=99999999999999999999-").1 == "416 bytes */\(bytes.count)")
            let chapters = try await page.curl("/api/jobs/\(job)/chapters.vtt")
            #expect(
                chapters.body
                    == "WEBVTT\n\n00:00:00.000 --> 00:00:01.000\nn\n\n00:00:01.000 --> 00:00:02.000\nn\n")
            let still = try await page.curl("/api/jobs/\(job)/segments/seg_1/still", "-I")
            #expect(still.status == 200 && still.headers["content-type"] == "image/png")
            #expect(try await page.curl("/api/jobs/\(job)/captions.vtt").status == 204)
            #expect(try await page.curl("/api/jobs/\(job)/receipt").body.contains("no credit"))
            #expect(try await page.curl("/api/jobs?q=\(job.suffix(6))").body.contains(job))
            #expect(try await page.curl("/api/jobs?q=nobody").body.contains(#""jobs":[]"#))
            try FileManager.default.removeItem(atPath: film)
            for gone in [
                path, "/api/jobs/nobody", "/api/jobs/nobody/film", "/api/jobs/\(job)/segments/x/still", "/api/nothing",
                "/assets/x",
            ] {
                let answer = try await page.curl(gone)
                #expect(answer.status == 404 && answer.body.contains(#""kind":"not_found""#), "\(gone): \(answer.body)")
            }
        }
    }

    @Test
    func `paths outside the assets, foreign origins and oversized bodies are rejected`() async throws {
        try await PageFixture.with(script: Self.quick) { page in
            for path in [
                "/../etc/passwd", "/assets/..%2f..%2fetc%2fpasswd", "/api/jobs/%00", "/api/jobs/a%2Fb",
                "/assets/%2e%2e/x",
            ] {
                #expect(try await page.curl(path).status == 400, "\(path)")
            }
            let start = ["-d", #"{"session_id":"never","pipeline_data":{"storyboard":{"segments":[]}}}"#]
            func post(_ headers: String...) async throws -> Int {
                let result = try await Program.run(
                    "/usr/bin/curl",
                    ["-s", "-o", "/dev/null", "-w", "%{http_code}", "\(page.url)/api/jobs"] + start
                        + headers.flatMap { ["-H", $0] })
                return Int(result.output.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
            }
            #expect(try await post() == 401)
            #expect(try await post("X-Understudy: 1", "Origin: http://evil.example") == 401)
            #expect(try await post("X-Understudy: 1", "Sec-Fetch-Site: cross-site") == 401)
            #expect(try await post("X-Understudy: 1", "Host: evil.example") == 401)
            #expect(try await page.curl("/api/jobs", "-H", "Host: evil.example").status == 401)
            #expect(try await page.curl("/api/jobs").body.contains(#""jobs":[]"#))
            let big = "\(page.stack.folder)/big.json"
            try Data(repeating: 0x20, count: 9 * 1024 * 1024).write(to: URL(filePath: big))
            let refused = try await page.curl(
                "/api/jobs", "-H", "X-Understudy: 1", "-H", "Expect:", "--data-binary", "@\(big)")
            #expect(refused.status == 413 && refused.body.contains("the limit is"))
            let deleted = try await page.curl("/api/jobs", "-X", "DELETE")
            #expect(deleted.status == 405 && deleted.headers["allow"] == "GET, HEAD, POST")
            #expect(deleted.body.contains("method DELETE is not allowed; use GET, HEAD or POST"), "\(deleted.body)")
            let read = try await page.curl("/api/estimate")
            #expect(read.status == 405 && read.headers["allow"] == "POST")
            #expect(try await page.curl("/api/jobs", "-H", "X-Understudy: 1", "-d", "nonsense").status == 400)
            let odd = try await page.curl("/api/jobs", "-H", "X-Understudy: 1", "-d", #"{"options":{"colour":1}}"#)
            #expect(odd.status == 400 && odd.body.contains("/options/colour"))
            // Uploads: audio only, stored under a generated name.
            let sound = try await page.curl("/api/uploads?name=..%2Fseg_1.mp3", "-H", "X-Understudy: 1", "-d", "sound")
            #expect(
                sound.status == 201 && !sound.body.contains("/../")
                    && sound.body.contains("file://\(page.stack.store)/uploads/"))
            #expect(try await page.curl("/api/uploads?name=x.html", "-H", "X-Understudy: 1", "-d", "x").status == 400)
            for (folder, count) in [
                ("\(page.stack.store)/uploads", 1), ("\(page.stack.folder)/state/dashboard/uploads", 0),
            ] {
                #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == count, "\(folder)")
            }
        }
    }

    @Test
    func `the token is required for every request; without a token the page listens on loopback only`() async throws {
        try await PageFixture.with(script: Self.quick, ["UNDERSTUDY_DASHBOARD_TOKEN": "s3same"]) { page in
            #expect(try await page.curl("/").status == 401)
            #expect(try await page.curl("/?token=wrong").status == 401)
            #expect(try await page.curl("/api/jobs", "-H", "Authorization: Bearer wrong1").status == 401)
            #expect(try await page.curl("/api/jobs", "-H", "Authorization: Bearer s3same").status == 200)
            let entered = try await page.curl("/?token=s3same")
            #expect(entered.status == 303 && entered.headers["location"] == "/")
            let cookie = entered.headers["set-cookie"] ?? ""
            #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
            #expect(try await page.curl("/", "-H", "Cookie: a=b; understudy=s3same").status == 200)
            #expect(try await page.curl("/", "-H", "Cookie: understudy=s3sam").status == 401)
            // The token redirects to the requested path, and never to another host.
            let places = [
                "/jobs/job-1?token=s3same": "/jobs/job-1", "/jobs/job-1/?a=%26b&token=s3same&c": "/jobs/job-1?a=%26b&c",
                "//evil.example/?token=s3same": "/evil.example", "/?token=s3same&token=s3same": "/",
            ]
            for (path, place) in places {
                let answer = try await page.curl(path)
                #expect(answer.status == 303 && answer.headers["location"] == place, "\(path): \(answer)")
            }
            // Browsers get a form, programs get JSON.
            for path in ["/", "/jobs/job-1", "/?token=wrong"] {
                let shown = try await page.curl(path, "-H", "Accept: text/html,application/xhtml+xml;q=0.9,*/*;q=0.8")
                #expect(shown.status == 401 && shown.headers["content-type"] == "text/html; charset=utf-8")
                #expect(shown.body.contains("UNDERSTUDY_DASHBOARD_TOKEN") && shown.body.contains(#"name="token""#))
                #expect(shown.body.contains("Wrong token") == path.contains("wrong"))
                #expect(shown.headers["content-security-policy"]?.contains("'sha256-") == true)
            }
            let named = try await page.curl("/", host: "<b>.example", ["Accept: text/html"])
            #expect(named.status == 401 && named.body.contains("&lt;b&gt;.example") && !named.body.contains("<b>"))
            #expect(try await page.curl("/api/jobs").headers["content-type"] == "application/json; charset=utf-8")
            // The token in the query is accepted for pages only.
            let post = RawPeer(port: UInt16(page.port) ?? 0)
            post.send(
                "POST /api/uploads?name=a.mp3&token=s3same HTTP/1.1\r\nHost: localhost\r\nX-Understudy: 1\r\nContent-Length: 9000000\r\n\r\n"
            )
            #expect(post.readHeader().hasPrefix("HTTP/1.1 401"))
        }
        let stack = try LiveStack.prepare(["UNDERSTUDY_DASHBOARD_LISTEN": "0.0.0.0:0"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let open = try await Program.run("dashboard", [], environment: stack.environment)
        #expect(open.status == 1 && open.errors.contains("set UNDERSTUDY_DASHBOARD_TOKEN_FILE, or listen on 127.0.0.1"))
    }

    @Test
    func `idle and slow connections are closed, and connections beyond the limit get 503`() async throws {
        let bounds = ["UNDERSTUDY_DASHBOARD_CONNECTIONS": "50", "UNDERSTUDY_DASHBOARD_HEADER_S": "1"]
        try await PageFixture.with(script: Self.quick, bounds) { page in
            let port = UInt16(page.port) ?? 0
            var idle = (0..<49).map { _ in RawPeer(port: port) }
            let among = try await page.curl("/healthz")
            #expect(among.status == 200)
            idle += (0..<20).map { _ in RawPeer(port: port) }
            #expect(idle.suffix(5).allSatisfy { $0.readAll().hasPrefix("HTTP/1.1 503") })
            // Incomplete headers time out after a second.
            idle[0].send("GET / HTTP/1.1\r\nHost: x")
            for peer in idle { _ = peer.readAll() }
            let after = try await page.curl("/healthz")
            #expect(after.status == 200)
            let malformed = RawPeer(port: port)
            malformed.send("NONSENSE\r\n\r\n")
            #expect(malformed.readAll().hasPrefix("HTTP/1.1 400"))
        }
    }

    @Test
    func `a watcher that reconnects gets every message once, also across kills of dashboard and orchestrator`()
        async throws
    {
        // The watcher reconnects to the port of the killed dashboard.
        let port = try ReservedPort()
        let script = """
            {"calls": [{"steps": [{"progress": 0.2, "message": "rendering"}, {"wait_ms": 5000},
              {"fail": {"kind": "quota_exhausted", "message": "no credit"}}]}]}
            """
        let listen = ["UNDERSTUDY_DASHBOARD_LISTEN": "127.0.0.1:\(port.number)"]
        try await PageFixture.with(script: script, listen) { page in
            let job = try await page.start(session: "s", segments: 3)
            async let watched = page.browser("watch.py", page.port, "messages", job, "0")
            for service in ["dashboard", "orchestrator"] {
                try await until("the watcher is connected") {
                    let statistics = try? await PageFixture.statistics(of: "dashboard", in: page.stack)
                    return statistics?["watchers"]?.double ?? 0 >= 1
                }
                let connection = try await page.stack.connect(service)
                let health = try await connection.call("rpc.health", params: [:])
                kill(pid_t(health["pid"]?.double ?? 0), SIGKILL)
                await connection.close()
            }
            let seen = try await watched
            let live = (seen["seqs"]?.array ?? []).compactMap(\.double)
            #expect(live == live.sorted() && Set(live).count == live.count && seen["state"] == "finished")
            // A late watcher gets the stored messages, from any sequence number on.
            let all = try await page.browser("watch.py", page.port, "messages", job, "0")
            let history = (all["seqs"]?.array ?? []).compactMap(\.double)
            #expect(history == history.sorted() && Set(history).count == history.count && history.count > 5)
            #expect(Set(live).isSubset(of: history) && live.last == history.last)
            let half = Int(history[history.count / 2])
            let rest = try await page.browser("watch.py", page.port, "messages", job, "\(half)")
            #expect((rest["seqs"]?.array ?? []).compactMap(\.double) == history.filter { $0 > Double(half) })
        }
    }

    @Test
    func `a stack whose jobs are watched stops without errors in the log`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let up = try await Program("understudy", ["up"], environment: stack.environment)
        #expect(await up.waitForOutput("ready in"))
        // The dashboard reads the newest sequence number, then subscribes.
        try await until("the dashboard watches") {
            let statistics = try? await PageFixture.statistics(of: "orchestrator", in: stack)
            return statistics?["reads"]?["snapshots"]?.double ?? 0 >= 2
        }
        up.signal(SIGTERM)
        let result = await up.waitUntilExit()
        #expect(result.output.contains("the page is at http://127.0.0.1:"))
        #expect(
            !result.output.contains("ServiceGroupError") && !result.output.contains("error orchestrator"),
            "\(result.output)")
        for service in ["orchestrator", "dashboard"] {
            #expect(result.output.contains("\(service)/\(service)-1 stopped"), "\(result.output)")
        }
    }

    @Test
    func `a watcher among 10,000 hostile connections gets every message, and memory stays flat`() async throws {
        let bounds = ["UNDERSTUDY_DASHBOARD_BACKLOG_BYTES": "16384", "UNDERSTUDY_DASHBOARD_STALL_S": "2"]
        try await PageFixture.with(script: Self.quick, bounds) { page in
            let connection = try await page.stack.connect("dashboard")
            let health = try await connection.call("rpc.health", params: [:])
            await connection.close()
            // A history that a slow watcher has to catch up with.
            let first = try await page.start(session: "before", segments: 300, size: (160, 90))
            #expect(try await page.stack.waitForEnd(of: first).state == .finished)
            let job = try await page.start(session: "s", segments: 60, size: (160, 90))
            let seen = try await page.browser("watch.py", page.port, "crowd", job, "\(Int(health["pid"]?.double ?? 0))")
            #expect((seen["refused"]?.double ?? 0) >= 7500, "\(seen)")
            #expect((seen["grown_mib"]?.double ?? 1000) < 100, "\(seen)")
            #expect(seen["bomb"]?.string?.hasPrefix("HTTP/1.1 400") == true, "\(seen)")
            let live = (seen["watched"]?["seqs"]?.array ?? []).compactMap(\.double)
            #expect(seen["watched"]?["snapshots"]?.array?.count == 1, "the watcher had to reconnect: \(seen)")
            #expect(live == live.sorted() && Set(live).count == live.count && seen["watched"]?["state"] == "finished")
            let all = try await page.browser("watch.py", page.port, "messages", first, "0")
            let count = (all["seqs"]?.array ?? []).count
            #expect(count > 400)
            // A message has more than 400 bytes: the stalled watcher got only what was in the buffers when it was disconnected.
            #expect((seen["slow_bytes"]?.double ?? .infinity) < Double(count * 400), "\(count) messages: \(seen)")
        }
    }

    @Test
    func `a watcher that violates the protocol is closed with the code of the violation`() async throws {
        try await PageFixture.with(script: Self.quick) { page in
            let ends = try await page.browser("watch.py", page.port, "rude")
            #expect(ends["unmasked"] == 1002 && ends["reserved"] == 1002 && ends["nonsense"] == 1002, "\(ends)")
            #expect(ends["huge"] == 1009 && ends["close"] == 1000 && ends["unknown job"] == 4404, "\(ends)")
            #expect(
                ends["foreign origin"] == 401 && ends["foreign host"] == 401 && ends["own origin"] == 101, "\(ends)")
        }
    }
}
