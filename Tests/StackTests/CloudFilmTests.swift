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

/// Films made entirely with cloud services: stills of OpenAI, S3, MediaConvert, CloudWatch. boto3 inspects the results.
@Suite(.serialized, .timeLimit(.minutes(4))) struct CloudFilmTests {
    private static let folder = "scaffold_test/u/s"

    private let aws: StandIn
    private let openAI: StandIn

    init() throws {
        aws = try StandIn("aws")
        openAI = try StandIn("openai_images")
    }

    private func withStack(_ body: (LiveStack) async throws -> Void) async throws {
        let cache = TemporaryPath.new("cache")
        defer { try? FileManager.default.removeItem(atPath: cache) }
        try await LiveStack.with(
            [
                "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
                "AWS_REGION": "us-east-1", "UNDERSTUDY_CACHE_DIR": cache, "UNDERSTUDY_STORE": "s3://films",
                "UNDERSTUDY_STITCH_BACKEND": "mediaconvert", "UNDERSTUDY_LOG_SINKS": "file,cloudwatch",
                "UNDERSTUDY_LOG_BATCH_S": "0.05", "UNDERSTUDY_LOG_SETTLE_S": "0",
                "UNDERSTUDY_IMAGE_PROVIDERS": "openai", "OPENAI_API_KEY": "good-key",
                "OPENAI_BASE_URL": "\(openAI.url)/v1", "UNDERSTUDY_OPENAI_IMAGE_MODEL": "gpt-image-2",
            ], body)
    }

    private func boto(_ service: String, _ call: String, _ arguments: [String: JSONValue]) throws -> JSONValue {
        try aws.send(["service": .string(service), "call": .string(call), "args": .object(arguments)])
    }

    private func storyboard() -> String {
        let segments = (1...4).map {
            "{\"id\":\"seg_\($0)\",\"duration\":1,\"visual_guidance\":\"A hill, number \($0)\",\"narration\":\"n\"}"
        }
        return "{\"segments\":[\(segments.joined(separator: ","))]}"
    }

    private func convertJobs() throws -> [JSONValue] {
        try aws.send(["mediaconvert": ["jobs": true]])["jobs"]?.array ?? []
    }

    /// The events of a job in all streams of CloudWatch.
    private func entries(of job: String) throws -> [JSONValue] {
        let group: JSONValue = "/pipeline/agent6"
        let streams = try boto(
            "logs", "describe_log_streams", ["logGroupName": group, "logStreamNamePrefix": .string("\(job)/")])
        var entries: [JSONValue] = []
        for stream in streams["logStreams"]?.array ?? [] {
            let page = try boto(
                "logs", "get_log_events",
                ["logGroupName": group, "logStreamName": stream["logStreamName"] ?? "", "startFromHead": true])
            for event in page["events"]?.array ?? [] {
                entries.append(
                    try JSONCoding.decode(JSONValue.self, from: Data((event["message"]?.string ?? "").utf8)))
            }
        }
        return entries
    }

    /// Checks the costs, files and events of a job of four segments, whatever happened during the job.
    private func verify(_ job: String, _ stack: LiveStack) async throws {
        let view = try await stack.waitForEnd(of: job)
        #expect(view.state == .finished, "\(view.error?.message ?? "")")
        // 4 x ($0.02 + $0.001) + $0.01
        #expect(view.costs.total == USD(0.094) && view.costs.understudy == USD(0.094))
        #expect(view.videoURL == "s3://films/\(Self.folder)/agent5/final.mp4")

        let listed = try boto(
            "s3", "list_objects_v2", ["Bucket": "films", "Prefix": .string("\(Self.folder)/agent5/")])
        let names = (listed["Contents"]?.array ?? []).compactMap { $0["Key"]?.string?.split(separator: "/").last }
        for segment in 1...4 {
            #expect(names.contains("seg_\(segment).png") && names.contains("seg_\(segment)_clip.mp4"))
        }
        #expect(names.contains("final.mp4") && names.contains("receipt.json"))
        #expect(try boto("s3", "list_multipart_uploads", ["Bucket": "films"])["Uploads"] == nil)
        let film = "\(stack.folder)/film.mp4"
        _ = try boto(
            "s3", "download_file",
            ["Bucket": "films", "Key": .string("\(Self.folder)/agent5/final.mp4"), "Filename": .string(film)])
        #expect(try await FilmInspection.decodingErrors(film) == "")
        #expect(try await FilmInspection.probe(film).contains("duration=4.0"))

        let jobs = try convertJobs()
        #expect(jobs.map { $0["status"] } == ["COMPLETE"])
        let roles = try boto("iam", "list_role_policies", ["RoleName": "MediaConvertJobRole"])
        #expect(roles["PolicyNames"] == ["UnderstudyS3-films"])

        _ = try await stack.connect("logger").call(LoggerAPI.flush, NoParams())
        let entries = try entries(of: job)
        #expect(entries.allSatisfy { Set(($0.object ?? [:]).keys) == ["timestamp", "event_type", "data"] })
        let types = entries.compactMap { $0["event_type"]?.string }
        for (type, count) in [
            (EventType.segmentGeneration, 8), (EventType.mediaConvertJob, 1), (EventType.finalVideo, 1),
            (EventType.costBreakdown, 1),
        ] { #expect(types.filter { $0 == type }.count == count, "\(type): \(types)") }
        let stitched = entries.first { $0["event_type"]?.string == EventType.mediaConvertJob }?["data"]
        #expect(stitched?["mediaconvert_job_id"] == jobs.first?["id"] && stitched?["backend"] == "mediaconvert")
        #expect(stitched?["cost_usd"]?.double == 0.01)
        let costs = entries.first { $0["event_type"]?.string == EventType.costBreakdown }
        #expect(costs?["data"]?["total"]?.double == 0.094, "\(costs ?? .null)")
    }

    @Test
    func `understudy run makes a film with cloud services for 4 x ($0.02 + $0.001) + $0.01`() async throws {
        try await withStack { stack in
            try stack.write(storyboard(), to: "\(stack.folder)/board.json")
            let run = try await stack.understudy(
                "run", "--user", "u", "--session", "s", "--storyboard", "\(stack.folder)/board.json", "--output",
                "\(stack.folder)/out.mp4")
            #expect(run.status == 0, "\(run.errors)")
            #expect(try await FilmInspection.decodingErrors("\(stack.folder)/out.mp4") == "")
            let jobs = try await stack.connect("orchestrator").call(OrchestratorAPI.list, ListJobs())
            try await verify(jobs.jobs[0].jobID, stack)
        }
    }

    @Test
    func `a film costs the same, and has one MediaConvert job, if every service is killed once`() async throws {
        try await withStack { stack in
            _ = try aws.send(["mediaconvert": ["hold": true]])
            _ = try boto(
                "s3", "put_object",
                [
                    "Bucket": "films", "Key": .string("\(Self.folder)/agent2/storyboard.json"),
                    "Body": .string(storyboard()),
                ])
            let started = try await stack.connect("orchestrator").call(
                OrchestratorAPI.start, StartJob(userID: "u", sessionID: "s", options: .small))
            try await until("the MediaConvert job is created") { try !convertJobs().isEmpty }
            for victim in ["imagegen", "clipper", "stitcher", "logger", "agent5", "orchestrator"] {
                try await replace(victim, SIGKILL, stack)
            }
            // An orchestrator that stops does not cancel the job either.
            try await replace("orchestrator", SIGTERM, stack)
            #expect(try convertJobs().map { $0["status"] } == ["SUBMITTED"])
            _ = try aws.send(["mediaconvert": ["hold": false]])
            try await verify(started.jobID, stack)
        }
    }

    /// Sends a signal to a service, and waits until the supervisor has replaced the process.
    private func replace(_ service: String, _ signal: Int32, _ stack: LiveStack) async throws {
        func pid() async -> Int? {
            try? await stack.connect(service).call(ServiceHealth.method, NoParams()).pid
        }
        let old = try await firstValue("\(service) serves") { await pid() }
        kill(pid_t(old), signal)
        try await until("another process of \(service) serves") {
            let new = await pid()
            return new != nil && new != old
        }
    }
}
