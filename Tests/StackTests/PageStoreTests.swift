// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import JSON
import JSONRPC
import StandIns
import TestSupport
import Testing

/// What the page reads from the store and writes into it.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PageStoreTests {
    @Test
    func `films in a bucket are served by ranges without a local copy, and a download ends if the film changes`()
        async throws
    {
        let aws = try StandIn("aws")
        try aws.send(["keys": ["AKIATEST": "hush-hush-secret"]])
        let cache = TemporaryPath.new("cache")
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let environment = [
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "hush-hush-secret",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_STORE": "s3://films/films", "UNDERSTUDY_CACHE_DIR": cache,
        ]
        try await PageFixture.with(script: LiveStack.failing, environment) { page in
            let job = try await page.start(session: "s")
            #expect(try await page.stack.waitForEnd(of: job).state == .finished)
            let key = "films/scaffold_test/web/s/agent5/final.mp4"
            func s3(_ call: String, _ arguments: [String: JSONValue]) throws {
                let all = arguments.merging(["Bucket": "films", "Key": .string(key)]) { own, _ in own }
                try aws.send(["service": "s3", "call": .string(call), "args": .object(all)])
            }
            let copy = URL(filePath: "\(page.stack.folder)/film.mp4")
            try s3("download_file", ["Filename": .string(copy.path)])
            let film = try Data(contentsOf: copy)
            // The local copies of the services.
            try FileManager.default.removeItem(atPath: "\(cache)/artifacts")
            let url = "\(page.url)/api/jobs/\(job)/film"
            let download = URL(filePath: "\(page.stack.folder)/got")
            func curl(_ arguments: String...) async throws -> (status: Int32, headers: String) {
                let result = try await Program.run(
                    "/usr/bin/curl",
                    ["-s", "-o", download.path, "-w", "%{http_code} %header{content-range} %{content_type}", url]
                        + arguments
                )
                return (result.status, result.output.trimmingCharacters(in: .newlines))
            }
            let middle = try await curl("-r", "1000-2999")
            #expect(middle.headers == "206 bytes 1000-2999/\(film.count) video/mp4")
            #expect(try Data(contentsOf: download) == film[1000..<3000])
            let whole = try await curl()
            #expect(whole.status == 0)
            #expect(try Data(contentsOf: download) == film)
            #expect(!FileManager.default.fileExists(atPath: "\(cache)/artifacts"))
            // The film is replaced while it is downloaded.
            let large = "\(page.stack.folder)/large"
            try Data(repeating: 7, count: 24 << 20).write(to: URL(filePath: large))
            try s3("upload_file", ["Filename": .string(large)])
            async let slow = curl("--limit-rate", "6M")
            try await until("the download is in progress") {
                let attributes = try? FileManager.default.attributesOfItem(atPath: download.path)
                return (attributes?[.size] as? Int ?? 0) > 1 << 20
            }
            try s3("upload_file", ["Filename": .string(copy.path)])
            #expect(try await slow.status == 18)
            try s3("delete_object", [:])
            #expect(try await curl().headers.hasPrefix("404"))
        }
    }

    @Test
    func `a storyboard of 6 MB is passed through the store, where an estimate leaves no file`() async throws {
        try await PageFixture.with(script: LiveStack.failing) { page in
            let guidance = String(repeating: "A hill in the evening light. ", count: 1000)
            let segments = (1...220).map { number -> JSONValue in
                ["id": .string("seg_\(number)"), "duration": 0.2, "visual_guidance": .string(guidance)]
            }
            let request: JSONValue = [
                "session_id": "large", "options": ["width": 160, "height": 90, "image_provider": "card"],
                "pipeline_data": ["storyboard": ["segments": .array(segments)]],
            ]
            let body = "\(page.stack.folder)/body.json"
            try JSONCoding.encode(request).write(to: URL(filePath: body))
            let post = ["-H", "X-Understudy: 1", "--data-binary", "@\(body)"]
            let price = try await page.curl("/api/estimate", post[0], post[1], post[2], post[3])
            #expect(price.status == 200 && price.body.contains(#""segments":220"#), "\(price.body.prefix(500))")
            let users = try? FileManager.default.subpathsOfDirectory(atPath: page.stack.store)
            #expect((users ?? []).allSatisfy { !$0.hasSuffix(".json") })
            // A rejected request changes no file.
            let path = page.stack.artifactPath("agent2/storyboard.json", user: "web", session: "large")
            var wrong = request.object ?? [:]
            wrong["options"] = ["nonsense": 1]
            try JSONCoding.encode(wrong).write(to: URL(filePath: "\(body).wrong"))
            for before in [nil, #"{"segments": []}"#] {
                if let before { try page.stack.write(before, to: path) }
                let refused = try await page.curl("/api/jobs", post[0], post[1], post[2], "@\(body).wrong")
                #expect(refused.status == 400 && refused.body.contains("nonsense"), "\(refused.body.prefix(500))")
                #expect((try? String(contentsOfFile: path, encoding: .utf8)) == before)
            }
            let started = try await page.curl("/api/jobs", post[0], post[1], post[2], post[3])
            #expect(started.status == 201, "\(started.body)")
            let job = try JSONCoding.decode(JSONValue.self, from: Data(started.body.utf8))["job_id"]?.string ?? ""
            #expect(
                FileManager.default.fileExists(
                    atPath: page.stack.artifactPath("agent2/storyboard.json", user: "web", session: "large")))
            let connection = try await page.stack.connect("orchestrator")
            let view = try await firstValue("the storyboard is loaded") { () async throws -> JobView? in
                let view = try await connection.call(OrchestratorAPI.status, JobStatus(jobID: job))
                return view.segments.isEmpty && !view.state.isTerminal ? nil : view
            }
            #expect(view.segments.count == 220)
            let cancelled = try await page.curl("/api/jobs/\(job)/cancel", "-H", "X-Understudy: 1", "-d", "")
            #expect(cancelled.status == 200)
            await connection.close()
        }
    }
}
