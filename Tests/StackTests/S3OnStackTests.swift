// SPDX-License-Identifier: Apache-2.0

import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import TestSupport
import Testing

/// Jobs whose artifact store is a bucket.
@Suite(.serialized, .timeLimit(.minutes(4))) struct S3OnStackTests {
    private static let prefix = "films/scaffold_test/u/s"

    private let aws: StandIn
    private let environment: [String: String]

    init() throws {
        aws = try StandIn("aws")
        try aws.send(["keys": ["AKIATEST": "hush-hush-secret"]])
        environment = [
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "hush-hush-secret",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_STORE": "s3://films/films",
        ]
    }

    private func withStack(_ body: (LiveStack) async throws -> Void) async throws {
        let cache = TemporaryPath.new("cache")
        defer { try? FileManager.default.removeItem(atPath: cache) }
        try await LiveStack.with(environment.merging(["UNDERSTUDY_CACHE_DIR": cache]) { $1 }, body)
    }

    /// Calls S3 with boto3, in the bucket `films`.
    @discardableResult
    private func s3(_ call: String, _ arguments: [String: JSONValue]) throws -> JSONValue {
        try aws.send([
            "service": "s3", "call": .string(call),
            "args": .object(arguments.merging(["Bucket": "films"]) { own, _ in own }),
        ])
    }

    private func writeStoryboard(segments: Int) throws {
        let list = (1...segments).map {
            "{\"id\":\"seg_\($0)\",\"duration\":1,\"visual_guidance\":\"A hill, number \($0)\",\"narration\":\"n\"}"
        }
        try s3(
            "put_object",
            [
                "Key": .string("\(Self.prefix)/agent2/storyboard.json"),
                "Body": .string("{\"segments\":[\(list.joined(separator: ","))]}"),
            ])
    }

    /// Downloads the job's film.
    ///
    /// - Returns: The path of the file.
    private func film(_ stack: LiveStack) throws -> String {
        let path = "\(stack.folder)/film.mp4"
        try s3("download_file", ["Key": .string("\(Self.prefix)/agent5/final.mp4"), "Filename": .string(path)])
        return path
    }

    /// The names of the job's artifacts.
    private func names() throws -> [String] {
        let listed = try s3("list_objects_v2", ["Prefix": .string("\(Self.prefix)/agent5/")])
        let keys = (listed["Contents"]?.array ?? []).compactMap { $0["Key"]?.string }
        return keys.map { key in String(key.split(separator: "/").last ?? "") }
    }

    @Test
    func `a film is made in a bucket while each service is killed once, and no unfinished upload is left`() async throws
    {
        try await withStack { stack in
            try writeStoryboard(segments: 24)
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            for victim in ["orchestrator", "agent5", "logger", "stitcher", "clipper", "imagegen"] {
                func pid() async -> Int? {
                    try? await stack.connect(victim).call(ServiceHealth.method, NoParams()).pid
                }
                let old = try await firstValue("\(victim) serves") { await pid() }
                kill(pid_t(old), SIGKILL)
                try await until("another process of \(victim) serves") {
                    let new = await pid()
                    return new != nil && new != old
                }
            }
            let view = try await stack.waitForEnd(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.videoURL == "s3://films/\(Self.prefix)/agent5/final.mp4")
            let film = try film(stack)
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=24.0"))
            let names = try names()
            #expect(names.filter { $0.hasSuffix("_clip.mp4") }.count == 24)
            #expect(names.contains("final.mp4") && names.contains("receipt.json"))
            #expect(try s3("list_multipart_uploads", [:])["Uploads"] == nil)
        }
    }

    @Test
    func `a film is joined by MediaConvert at its price, or locally if that fails, as the receipt reports`()
        async throws
    {
        try await withStack { stack in
            try writeStoryboard(segments: 4)
            let view = try await stack.runJob(["stitch_backend": "mediaconvert"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            // Cards cost nothing, clips $0.001 each, the film $0.01.
            #expect(view.costs.total == USD(0.014))
            let film = try film(stack)
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=4.0"))
            let jobs = try aws.send(["mediaconvert": ["jobs": true]])["jobs"]?.array ?? []
            #expect(jobs.map { $0["status"] } == ["COMPLETE"])
            try aws.send(["mediaconvert": ["fail": ["code": 1999, "message": "Internal trouble"]]])
            let other = try await stack.runJob(["stitch_backend": "auto"])
            #expect(other.state == .finished, "\(other.error?.message ?? "")")
            let receipt = try s3("get_object", ["Key": .string("\(Self.prefix)/agent5/receipt.json")])["Body"]?.string
            #expect(receipt?.contains("joined on this machine, not by MediaConvert: the MediaConvert job") == true)
            #expect(receipt?.contains("1999: Internal trouble") == true)
        }
    }

    @Test
    func `artifacts that one service stored are not downloaded by the next on the same machine`() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 3)
            #expect(try await stack.runJob().state == .finished)
            #expect(try aws.send(["seen": "^GET .*(png|mp4)"])["count"] == 0)
        }
    }

    @Test
    func `a job survives SlowDown and 503 of the bucket`() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 3)
            try aws.send([
                "misbehave": ["match": "PUT .*seg_2_clip", "times": 8, "status": 503, "json": "SlowDown"]
            ])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try await FilmInspection.decodingErrors(try film(stack)) == "")
        }
    }

    @Test
    func `a deleted bucket and a forbidden key end the job with AWS's message`() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 2)
            try aws.send([
                "misbehave": [
                    "match": "PUT .*seg_2.png", "times": 99, "status": 404,
                    "body":
                        "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>",
                ]
            ])
            let vanished = try await stack.runJob()
            #expect(vanished.state == .error)
            #expect(vanished.error?.message.contains("NoSuchBucket: The specified bucket does not exist") == true)
            // The first fault is still active; without its segment only the second one has an effect.
            try writeStoryboard(segments: 1)
            try aws.send([
                "misbehave": ["match": "PUT .*seg_1.png", "times": 99, "status": 403, "json": "AccessDenied"]
            ])
            let denied = try await stack.runJob()
            #expect(denied.state == .error)
            #expect(denied.error?.message.contains("AccessDenied") == true, "\(denied.error?.message ?? "")")
        }
    }

    @Test
    func `secrets are in no file, reply, log, argument or core file`() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 2)
            #expect(try await stack.runJob().state == .finished)
            var texts: [String] = []
            for service in ["orchestrator", "imagegen", "clipper", "stitcher", "logger", "agent5"] {
                let connection = try await stack.connect(service)
                for method in ["rpc.discover", "rpc.health", "rpc.stats"] {
                    let reply = try await connection.call(method, params: [:])
                    texts.append(String(decoding: try JSONCoding.encode(reply), as: UTF8.self))
                }
                let pid = try await connection.call(ServiceHealth.method, NoParams()).pid ?? 0
                texts.append(try String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8))
                let limits = try String(contentsOfFile: "/proc/\(pid)/limits", encoding: .utf8)
                #expect(limits.contains("Max core file size        1 "))
            }
            let receipt = try s3("get_object", ["Key": .string("\(Self.prefix)/agent5/receipt.json")])
            texts.append(receipt["Body"]?.string ?? "")
            texts.append(try await stack.understudy("doctor").output)
            let files = FileManager.default.enumerator(atPath: stack.folder)
            while let name = files?.nextObject() as? String {
                if let data = FileManager.default.contents(atPath: "\(stack.folder)/\(name)") {
                    texts.append(String(decoding: data, as: UTF8.self))
                }
            }
            #expect(texts.count > 30)
            #expect(!texts.contains { $0.contains("hush-hush-secret") })
        }
    }

    @Test
    func `doctor checks the log group, and the queue and the role of MediaConvert`() async throws {
        func doctor(_ extra: [String: String]) async throws -> String {
            let stack = try LiveStack.prepare(
                environment.merging([
                    "UNDERSTUDY_LOG_SINKS": "file,cloudwatch", "UNDERSTUDY_STITCH_BACKEND": "auto",
                    "AWS_EC2_METADATA_DISABLED": "true",
                ]) { $1 }.merging(extra) { $1 })
            defer { try? FileManager.default.removeItem(atPath: stack.folder) }
            return try await stack.understudy("doctor").output
        }
        let fresh = try await doctor([:])
        #expect(
            fresh.contains("ok    log group: /pipeline/agent6 does not exist yet: the first event creates it"),
            "\(fresh)")
        #expect(fresh.contains("ok    mediaconvert: the queue Default is ACTIVE"))
        #expect(fresh.contains("ok    role: MediaConvertJobRole does not exist yet: the first job creates it"))
        try aws.send([
            "service": "logs", "call": "create_log_group", "args": ["logGroupName": "/films/log"],
        ])
        try aws.send([
            "service": "iam", "call": "create_role",
            "args": ["RoleName": "films", "AssumeRolePolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"],
        ])
        let healthy = try await doctor(["UNDERSTUDY_LOG_GROUP": "/films/log", "UNDERSTUDY_MEDIACONVERT_ROLE": "films"])
        #expect(healthy.contains("ok    log group: /films/log exists"), "\(healthy)")
        #expect(healthy.contains("ok    role: arn:aws:iam::123456789012:role/films exists"))
        let faulty = try await doctor([
            "UNDERSTUDY_MEDIACONVERT_QUEUE": "arn:aws:mediaconvert:us-east-1:123456789012:queues/resting",
            "UNDERSTUDY_MEDIACONVERT_SETUP": "off",
        ])
        #expect(faulty.contains("/resting is PAUSED: its jobs wait until it is active"), "\(faulty)")
        #expect(faulty.contains("BAD   role: there is no role MediaConvertJobRole: call stitcher.setup_role"))
        let unknown = try await doctor(["UNDERSTUDY_MEDIACONVERT_QUEUE": "nowhere"])
        #expect(unknown.contains("BAD   mediaconvert: the MediaConvert queue nowhere"), "\(unknown)")
    }

    @Test
    func `doctor checks the AWS identity, the bucket, and the keys and models of providers`() async throws {
        let models = try StandIn("models")
        func doctor(_ extra: [String: String]) async throws -> String {
            let stack = try LiveStack.prepare(
                environment.merging([
                    "OPENAI_BASE_URL": "\(models.url)/v1", "UNDERSTUDY_REPLICATE_BASE_URL": models.url,
                    "AWS_EC2_METADATA_DISABLED": "true",
                ]) { $1 }.merging(extra) { $1 })
            defer { try? FileManager.default.removeItem(atPath: stack.folder) }
            let result = try await stack.understudy("doctor")
            #expect(!result.output.contains("good-key") && !result.output.contains("bad-key"))
            return result.output
        }
        let healthy = try await doctor([
            "OPENAI_API_KEY": "good-key", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
        ])
        #expect(healthy.contains("ok    aws: arn:aws:sts::123456789012:"))
        #expect(healthy.contains("by the environment, us-east-1"))
        #expect(healthy.contains("ok    bucket: s3://films exists"))
        #expect(healthy.contains("ok    openai: the key works, 1 model"))
        #expect(healthy.contains("ok    replicate: the token works"))
        try models.send(["shutdown": ["gpt-image-2": "2020-01-02"]])
        let faulty = try await doctor([
            "OPENAI_API_KEY": "good-key", "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
            "REPLICATE_API_TOKEN": "bad-key",
            "UNDERSTUDY_STORE": "s3://no-such-bucket/x", "AWS_ACCESS_KEY_ID": "stranger",
        ])
        #expect(faulty.contains("BAD   openai: the model gpt-image-2 was shut down on 2020-01-02"))
        #expect(faulty.contains("/v1/account answered 401: check REPLICATE_API_TOKEN"))
        #expect(faulty.contains("BAD   aws: ") && faulty.contains("AWS_SECRET_ACCESS_KEY"))
        #expect(faulty.contains("BAD   bucket: "))
        let missing = try await doctor([
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai,card", "UNDERSTUDY_AGENT5_PROVIDER": "replicate",
        ])
        #expect(missing.contains("BAD   openai: no key: set OPENAI_API_KEY or OPENAI_API_KEY_FILE"))
        #expect(missing.contains("BAD   replicate: no key: set REPLICATE_API_TOKEN or REPLICATE_API_TOKEN_FILE"))
        let ambiguous = try await doctor(["OPENAI_API_KEY": "good-key", "OPENAI_API_KEY_FILE": "/nowhere"])
        #expect(ambiguous.contains("BAD   openai: OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set"))
    }
}
