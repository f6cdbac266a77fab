// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import JSON
import Testing

/// The messages of watched jobs, and the state that the page's API reports.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PageWatchTests {
    @Test
    func `progress of an agent is limited to five messages per second, and a late watcher gets the last one`()
        async throws
    {
        let steps = (1...150).map { #"{"progress": \#(Double($0) / 200), "message": "frame \#($0)"}, {"wait_ms": 20}"# }
        let script = #"{"calls": [{"steps": [\#(steps.joined(separator: ", ")), {"wait_ms": 60000}]}]}"#
        try await PageFixture.with(script: script) { page in
            let job = try await page.start(session: "s")
            let watcher = try PageWatcher(page, "job=\(job)")
            var times: [Timestamp] = []
            var last: JSONValue = [:]
            while last["progress"]?["fraction"]?.double != 0.75 {
                last = try #require(try watcher.next { $0["agentNumber"] == "Agent5" && $0["status"] == "processing" })
                times.append(try #require(Timestamp(last["ts"]?.string ?? "")))
            }
            // The rate by the orchestrator's timestamps does not depend on how fast the test reads. Without a limit there are 150 messages.
            let (first, end) = (try #require(times.first), try #require(times.last))
            let seconds = Double(end.milliseconds - first.milliseconds) / 1000
            #expect(Double(times.count) <= seconds * 5 + 10 && times.count >= 3, "\(times.count) in \(seconds) s")
            let late = try PageWatcher(page, "job=\(job)")
            let snapshot = try #require(try late.next())
            let agent = snapshot["jobs"]?.array?.first?["agents"]?["Agent5"]
            #expect(agent?["progress"] == last["progress"] && agent?["message"] == last["message"], "\(snapshot)")
            #expect(try await page.json("jobs/\(job)")["agents"]?["Agent5"]?["progress"] == last["progress"])
            #expect(try await page.curl("/api/jobs/\(job)/cancel", "-H", "X-Understudy: 1", "-d", "").status == 200)
        }
    }

    @Test
    func `during a takeover the receipt has reason and stages, and segments have guidance and processing times`()
        async throws
    {
        try await PageFixture.with(script: LiveStack.failing) { page in
            let job = try await page.start(session: "s", segments: 40)
            let watcher = try PageWatcher(page, "job=\(job)&after_seq=0")
            _ = try #require(
                try watcher.next { $0["message"]?.string?.hasPrefix("made the clip of") == true })
            let receipt = try await page.json("jobs/\(job)/receipt")
            #expect(receipt["state"] == "running", "\(receipt)")
            #expect(receipt["takeover"]?["reason"] == "You exceeded your current quota")
            let stages = Set((receipt["stages"]?.array ?? []).compactMap { $0["stage"]?.string })
            #expect(stages.isSuperset(of: ["load", "agent5", "images", "clips"]), "\(stages)")
            // The visual guidance is part of a single job only, not of lists and snapshots.
            let running = try await page.json("jobs/\(job)")["segments"]?.array ?? []
            #expect(running.count == 40 && running.allSatisfy { $0["visual_guidance"] == "A hill" })
            #expect((running.first { $0["state"] == "done" }?["made_s"]?.double ?? 0) > 0)
            let waiting = running.filter { $0["state"] == "waiting" }
            #expect(waiting.allSatisfy { $0["made_s"] == nil })
            let list = try await page.json("jobs")["jobs"]?.array?.first?["segments"]?.array ?? []
            let snapshot = try PageWatcher(page, "job=\(job)").next()?["jobs"]?.array?.first?["segments"]?.array ?? []
            for segments in [list, snapshot] {
                #expect(segments.count == 40 && segments.allSatisfy { $0["visual_guidance"] == nil })
            }
            #expect(try await page.curl("/api/jobs/\(job)/cancel", "-H", "X-Understudy: 1", "-d", "").status == 200)
            _ = try await page.stack.waitForEnd(of: job)
            let after = try await page.json("jobs/\(job)/receipt")
            #expect(after["state"] == "cancelled" && after["takeover"] == receipt["takeover"])
            let ended = try await page.json("jobs/\(job)")["segments"]?.array ?? []
            #expect(ended.count == 40 && ended.allSatisfy { $0["visual_guidance"] == "A hill" })
        }
    }

    @Test
    func `a film is sent again only if it has changed`() async throws {
        try await PageFixture.with(script: LiveStack.failing) { page in
            let job = try await page.film(bytes: 100_000)
            for path in ["/api/jobs/\(job)/film", "/api/jobs/\(job)/segments/seg_1/still"] {
                let first = try await page.curl(path, "-o", "/dev/null", "-D", "-")
                let tag = try #require(first.headers["etag"])
                // A proxy that compresses a response weakens its ETag.
                for condition in [tag, "\"other\", \(tag)", "W/\(tag)", "*"] {
                    let again = try await page.curl(path, "-H", "If-None-Match: \(condition)")
                    #expect(again.status == 304 && again.body == "" && again.headers["etag"] == tag, "\(again)")
                }
                let part = try await page.curl(path, "-I", "-H", "Range: bytes=0-9", "-H", "If-Range: \(tag)")
                #expect(part.status == 206 && part.headers["content-length"] == "10")
                let other = try await page.curl(path, "-I", "-H", "If-None-Match: \"other\"")
                #expect(other.status == 200)
            }
            let path = "/api/jobs/\(job)/film"
            let tag = try #require(try await page.curl(path, "-I").headers["etag"])
            try Data(repeating: 7, count: 99_999).write(to: URL(filePath: page.stack.artifactPath("agent5/final.mp4")))
            let changed = try await page.curl(path, "-I", "-H", "If-None-Match: \(tag)")
            #expect(changed.status == 200 && changed.headers["content-length"] == "99999")
        }
    }
}
