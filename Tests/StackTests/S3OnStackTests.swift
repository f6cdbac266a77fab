import Calls
import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Jobs whose store is a bucket.
@Suite(.serialized) struct S3OnStackTests {
    private static let prefix = "films/scaffold_test/u/s"

    private let aws: StandIn
    private let environment: [String: String]

    init() throws {
        aws = try StandIn("aws")
        try aws.ask(["keys": ["AKIATEST": "hush-hush-secret"]])
        environment = [
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "hush-hush-secret",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_STORE": "s3://films/films",
        ]
    }

    private func withStack(_ body: (LiveStack) async throws -> Void) async throws {
        let cache = "/tmp/us-cache-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: cache) }
        try await LiveStack.with(environment.merging(["UNDERSTUDY_CACHE_DIR": cache]) { $1 }, body)
    }

    /// A call of boto3.
    @discardableResult
    private func s3(_ call: String, _ arguments: [String: JSONValue]) throws -> JSONValue {
        try aws.ask([
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

    private func film(_ stack: LiveStack) throws -> String {
        let path = "\(stack.folder)/film.mp4"
        try s3("download_file", ["Key": .string("\(Self.prefix)/agent5/final.mp4"), "Filename": .string(path)])
        return path
    }

    private func names() throws -> [String] {
        let listed = try s3("list_objects_v2", ["Prefix": .string("\(Self.prefix)/agent5/")])
        let keys = (listed["Contents"]?.array ?? []).compactMap { $0["Key"]?.string }
        return keys.map { key in String(key.split(separator: "/").last ?? "") }
    }

    @Test("a film is made in a bucket while each service is killed once; nothing unfinished is left there")
    func kills() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 24)
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: nil))
            var victims = ["imagegen", "clipper", "stitcher", "logger", "agent5", "orchestrator"]
            while let victim = victims.popLast() {
                // Its socket is away for a moment where it is being started again.
                guard
                    let health = try? await stack.connect(victim).call(ServiceHealth.method, NoParams()),
                    let pid = health.pid
                else {
                    victims.append(victim)
                    continue
                }
                kill(pid_t(pid), SIGKILL)
                try await Task.sleep(for: .milliseconds(150))
            }
            let view = try await stack.end(of: started.jobID)
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.videoURL == "s3://films/\(Self.prefix)/agent5/final.mp4")
            let film = try film(stack)
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=24.0"))
            let names = try names()
            #expect(names.filter { $0.hasSuffix("_clip.mp4") }.count == 24)
            #expect(names.contains("final.mp4") && names.contains("receipt.json"))
            #expect(try s3("list_multipart_uploads", [:])["Uploads"] == nil)
        }
    }

    @Test("a job's film is joined by MediaConvert at its price, or here where that fails, as the receipt tells")
    func mediaConvert() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 4)
            let view = try await stack.job(["stitch_backend": "mediaconvert"])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            // Cards cost nothing, clips $0.001 each, the film $0.01.
            #expect(view.costs.total == USD(0.014))
            let film = try film(stack)
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=4.0"))
            let jobs = try aws.ask(["mediaconvert": ["jobs": true]])["jobs"]?.array ?? []
            #expect(jobs.map { $0["status"] } == ["COMPLETE"])
            try aws.ask(["mediaconvert": ["fail": ["code": 1999, "message": "Internal trouble"]]])
            let other = try await stack.job(["stitch_backend": "auto"])
            #expect(other.state == .finished, "\(other.error?.message ?? "")")
            let receipt = try s3("get_object", ["Key": .string("\(Self.prefix)/agent5/receipt.json")])["Body"]?.string
            #expect(receipt?.contains("joined on this machine, not by MediaConvert: the MediaConvert job") == true)
            #expect(receipt?.contains("1999: Internal trouble") == true)
        }
    }

    @Test("what one service of a machine stored, the next does not download")
    func copies() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 3)
            #expect(try await stack.job().state == .finished)
            #expect(try aws.ask(["seen": "^GET .*(png|mp4)"])["count"] == 0)
        }
    }

    @Test("a bucket that answers SlowDown and 503 for a while holds the job, which goes on")
    func outage() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 3)
            try aws.ask([
                "misbehave": ["match": "PUT .*seg_2_clip", "times": 8, "status": 503, "json": "SlowDown"]
            ])
            let view = try await stack.job()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(try await Judge.complaints(try film(stack)) == "")
        }
    }

    @Test("a bucket that vanishes in mid-job, and one forbidden key, end the job with AWS's words")
    func gone() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 2)
            try aws.ask([
                "misbehave": [
                    "match": "PUT .*seg_2.png", "times": 99, "status": 404,
                    "body":
                        "<Error><Code>NoSuchBucket</Code><Message>The specified bucket does not exist</Message></Error>",
                ]
            ])
            let vanished = try await stack.job()
            #expect(vanished.state == .error)
            #expect(vanished.error?.message.contains("NoSuchBucket: The specified bucket does not exist") == true)
            // The first fault is still there: without its segment only the second one shows.
            try writeStoryboard(segments: 1)
            try aws.ask(["misbehave": ["match": "PUT .*seg_1.png", "times": 99, "status": 403, "json": "AccessDenied"]])
            let denied = try await stack.job()
            #expect(denied.state == .error)
            #expect(denied.error?.message.contains("AccessDenied") == true, "\(denied.error?.message ?? "")")
        }
    }

    @Test("a secret is in no file, no reply, no log and no argument")
    func secrets() async throws {
        try await withStack { stack in
            try writeStoryboard(segments: 2)
            #expect(try await stack.job().state == .finished)
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

    @Test("doctor says whether the log group, the queue and the role of MediaConvert are there")
    func doctorOfServices() async throws {
        func doctor(_ more: [String: String]) async throws -> String {
            let stack = try LiveStack.prepare(
                environment.merging([
                    "UNDERSTUDY_LOG_SINKS": "file,cloudwatch", "UNDERSTUDY_STITCH_BACKEND": "auto",
                    "AWS_EC2_METADATA_DISABLED": "true",
                ]) { $1 }.merging(more) { $1 })
            defer { try? FileManager.default.removeItem(atPath: stack.folder) }
            return try await stack.understudy("doctor").output
        }
        let fresh = try await doctor([:])
        #expect(
            fresh.contains("ok    log group: /pipeline/agent6 is not there yet: the first event makes it"), "\(fresh)")
        #expect(fresh.contains("ok    mediaconvert: the queue Default is ACTIVE"))
        #expect(fresh.contains("ok    role: MediaConvertJobRole is not there yet: the first job makes it"))
        try aws.ask([
            "service": "logs", "call": "create_log_group", "args": ["logGroupName": "/films/log"],
        ])
        try aws.ask([
            "service": "iam", "call": "create_role",
            "args": ["RoleName": "films", "AssumeRolePolicyDocument": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"],
        ])
        let well = try await doctor(["UNDERSTUDY_LOG_GROUP": "/films/log", "UNDERSTUDY_MEDIACONVERT_ROLE": "films"])
        #expect(well.contains("ok    log group: /films/log is there"), "\(well)")
        #expect(well.contains("ok    role: arn:aws:iam::123456789012:role/films is there"))
        let ill = try await doctor([
            "UNDERSTUDY_MEDIACONVERT_QUEUE": "arn:aws:mediaconvert:us-east-1:123456789012:queues/resting",
            "UNDERSTUDY_MEDIACONVERT_SETUP": "off",
        ])
        #expect(ill.contains("/resting is PAUSED: its jobs wait until it is active"), "\(ill)")
        #expect(ill.contains("BAD   role: there is no role MediaConvertJobRole: call stitcher.setup_role"))
        let unknown = try await doctor(["UNDERSTUDY_MEDIACONVERT_QUEUE": "nowhere"])
        #expect(unknown.contains("BAD   mediaconvert: the MediaConvert queue nowhere"), "\(unknown)")
    }

    @Test("doctor says who AWS takes us for, whether the bucket is there, and what providers say of keys and models")
    func doctor() async throws {
        let models = try StandIn("models")
        func doctor(_ more: [String: String]) async throws -> String {
            let stack = try LiveStack.prepare(
                environment.merging([
                    "OPENAI_BASE_URL": "\(models.url)/v1", "UNDERSTUDY_REPLICATE_BASE_URL": models.url,
                    "AWS_EC2_METADATA_DISABLED": "true",
                ]) { $1 }.merging(more) { $1 })
            defer { try? FileManager.default.removeItem(atPath: stack.folder) }
            let ended = try await stack.understudy("doctor")
            #expect(!ended.output.contains("good-key") && !ended.output.contains("bad-key"))
            return ended.output
        }
        let well = try await doctor([
            "OPENAI_API_KEY": "good-key", "REPLICATE_API_TOKEN": "good-key",
            "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
        ])
        #expect(well.contains("ok    aws: arn:aws:sts::123456789012:"))
        #expect(well.contains("by the environment, us-east-1"))
        #expect(well.contains("ok    bucket: s3://films is there"))
        #expect(well.contains("ok    openai: the key works, 1 models"))
        #expect(well.contains("ok    replicate: the token works"))
        try models.ask(["shutdown": ["gpt-image-2": "2020-01-02"]])
        let ill = try await doctor([
            "OPENAI_API_KEY": "good-key", "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
            "REPLICATE_API_TOKEN": "bad-key",
            "UNDERSTUDY_STORE": "s3://no-such-bucket/x", "AWS_ACCESS_KEY_ID": "stranger",
        ])
        #expect(ill.contains("BAD   openai: the model gpt-image-2 was shut down on 2020-01-02"))
        #expect(ill.contains("/v1/account answered 401: check REPLICATE_API_TOKEN"))
        #expect(ill.contains("BAD   aws: ") && ill.contains("AWS_SECRET_ACCESS_KEY"))
        #expect(ill.contains("BAD   bucket: "))
        let away = try await doctor([
            "UNDERSTUDY_IMAGE_PROVIDERS": "openai,card", "UNDERSTUDY_AGENT5_PROVIDER": "replicate",
        ])
        #expect(away.contains("BAD   openai: no key: set OPENAI_API_KEY or OPENAI_API_KEY_FILE"))
        #expect(away.contains("BAD   replicate: no key: set REPLICATE_API_TOKEN or REPLICATE_API_TOKEN_FILE"))
        let both = try await doctor(["OPENAI_API_KEY": "good-key", "OPENAI_API_KEY_FILE": "/nowhere"])
        #expect(both.contains("BAD   openai: OPENAI_API_KEY and OPENAI_API_KEY_FILE are both set"))
    }
}
