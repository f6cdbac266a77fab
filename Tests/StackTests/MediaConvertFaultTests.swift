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

/// Kills, disconnected clients, rejections and failed jobs while MediaConvert joins a film.
@Suite(.serialized, .timeLimit(.minutes(4))) struct MediaConvertFaultTests: MediaConvertFixture {
    let aws: StandIn
    let stack: LiveStack

    init() throws {
        aws = try StandIn("aws")
        stack = try Self.prepare(aws)
    }

    // MARK: - Lost calls

    @Test
    func `after a kill, the next call waits for the same job`() async throws {
        let request = request(try await threeClips())
        try cloud(["hold": true])
        try await withStitcher { stitcher, program in
            async let lost = try? await stitcher.call(StitcherAPI.stitch, request)
            try await untilStored()
            program.signal(SIGKILL)
            #expect(await lost == nil)
        }
        let id = try #require(try jobs().first?["id"]?.string)
        #expect(try jobs().first?["status"] == "SUBMITTED")
        try cloud(["hold": false])
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(made.jobID == id)
            #expect(try jobs().count == 1)
            #expect(try await frames(try film()) == 90)
        }
    }

    @Test
    func `after a disconnect, a passed deadline and a drain, the next call waits for the same job`() async throws {
        var clips = try await threeClips()
        clips[0].audio = clips[2].clip
        let request = request(clips)
        try cloud(["hold": true])
        var id: String?
        try await withStitcher(["UNDERSTUDY_DRAIN_S": "0.2"]) { stitcher, program in
            let socket = try stack.runDirectory.socketPath(service: "stitcher", instance: "one")
            let other = try await RPCConnection.connect(to: socket)
            async let lost = try? await other.call(StitcherAPI.stitch, request)
            try await untilStored()
            id = try jobs().first?["id"]?.string
            await other.close()
            #expect(await lost == nil)
            let late = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.stitch, request, timeout: .seconds(1))
            }
            #expect(late?.kind == .timeout)
            async let drained = try? await stitcher.call(StitcherAPI.stitch, request)
            try await until("the stitcher has the call") {
                try await stitcher.call(ServiceHealth.method, NoParams()).inFlight > 0
            }
            program.signal(SIGTERM)
            #expect(await drained == nil)
            #expect(await program.waitUntilExit().status == 0)
            // The prepared inputs of the job stay in the bucket.
            #expect(try keys().contains { $0.contains(".stitch") })
        }
        #expect(try jobs().map { $0["status"] } == ["SUBMITTED"])
        try cloud(["hold": false])
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(made.jobID == id && id != nil)
            #expect(try jobs().count == 1)
            #expect(try !keys().contains { $0.contains(".stitch") })
        }
    }

    @Test
    func `a job whose response was lost is not created twice`() async throws {
        let request = request(try await threeClips())
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            // The state after a kill between the response and the write of the ledger.
            try FileManager.default.removeItem(atPath: "\(stack.folder)/state/stitcher/mediaconvert")
            let again = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(again.jobID == made.jobID)
            #expect(try jobs().count == 1)
        }
    }

    /// - Parameter late: seconds from the creation of the job to the response, in which the call is cancelled.
    @Test(arguments: [0, 2])
    func `cancelling the call cancels the job, and removes its inputs from the bucket`(late: Int64) async throws {
        var clips = try await threeClips()
        clips[0].audio = clips[2].clip
        let request = request(clips)
        try cloud(["hold": true, "late": .integer(late)])
        try await withStitcher { stitcher, _ in
            let call = Task { try await stitcher.call(StitcherAPI.stitch, request) }
            try await untilJobs(1)
            call.cancel()
            _ = await call.result
            try await until("the job is cancelled") { try jobs().first?["status"] == "CANCELED" }
            try await until("the inputs are removed") { try !keys().contains { $0.contains(".stitch") } }
            try cloud(["hold": false])
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(try jobs().count == 2)
            #expect(try jobs().last?["id"]?.string == made.jobID)
        }
    }

    // MARK: - Faults

    @Test
    func `an unreadable clip is named; clips are cut to the frame at 30000/1001 frames per second`() async throws {
        let clips = try await threeClips()
        try await withStitcher(["UNDERSTUDY_CACHE_DIR": "\(stack.folder)/cold"]) { stitcher, _ in
            try aws.send([
                "misbehave": [
                    "match": "GET .*seg_2", "times": 9, "status": 403,
                    "body": "<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>",
                ]
            ])
            let denied = await refusal(stitcher, request(clips))
            #expect(denied?.kind == .unauthorized && denied?.message.contains("in/seg_2.mp4") == true)
            #expect(denied?.providerCode == "AccessDenied")
            let made = try jobs()
            #expect(made.isEmpty)
            try aws.send(["heal": true])
            var other = request(clips)
            other.fps = 29.97
            let film = try await stitcher.call(StitcherAPI.stitch, other)
            #expect(film.encodedFrames == 90)
            let inputs = try jobs().first?["request"]?["settings"]?["inputs"]?.array ?? []
            #expect(
                inputs.allSatisfy {
                    $0["inputClippings"] == nil && $0["fileInput"]?.string?.contains(".stitch") == true
                })
            #expect(try await frames(try self.film()) == 90)
        }
    }

    @Test
    func `a job that cannot be cancelled is named in a warning when the film is joined locally instead`() async throws {
        let request = request(try await threeClips(), backend: .auto)
        try cloud(["hold": true])
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_QUEUE_S": "86400"]) { stitcher, _ in
            async let call = stitcher.call(StitcherAPI.stitch, request)
            try await untilJobs(1)
            try aws.send([
                "misbehave": [
                    "match": "(GET|DELETE) /2017", "times": 50, "status": 403, "json": "AccessDeniedException",
                ]
            ])
            let made = try await call
            let id = try #require(try jobs().first?["id"]?.string)
            #expect(made.backend == .local && made.jobID == id)
            #expect(
                made.warnings?.first?.contains(
                    "\(id) could not be cancelled and may still write s3://films/out/final.mp4") == true)
        }
    }

    @Test
    func `failed jobs, missing or short films and a role without access are reported with AWS's messages`() async throws
    {
        let request = request(try await threeClips())
        try await withStitcher { stitcher, program in
            try cloud(["fail": ["code": 1404, "message": "Unable to open input file"]])
            let failure = await refusal(stitcher, request)
            let id = try #require(try jobs().first?["id"]?.string)
            #expect(
                failure?.message.contains("the MediaConvert job \(id) failed: 1404: Unable to open input file") == true)
            #expect(
                failure?.provider == "mediaconvert" && failure?.providerCode == "1404" && failure?.retryable == false)
            let status = try await stitcher.call(StitcherAPI.jobStatus, StitchJobReference(jobID: id))
            #expect(status.status == "ERROR" && status.error == "1404: Unable to open input file")
            try cloud(["empty": true])
            #expect(await refusal(stitcher, request)?.message.contains("was not written") == true)
            try cloud(["empty": false, "short": 20])
            let short = await refusal(stitcher, request)
            #expect(short?.kind == .corruptMedia && short?.message.contains("has 70 frames, expected 90") == true)
            try cloud(["short": 0])
            try aws.send([
                "service": "iam", "call": "delete_role_policy",
                "args": ["RoleName": "MediaConvertJobRole", "PolicyName": "UnderstudyS3-films"],
            ])
            // The role is checked again after each failure, and corrected.
            #expect(try await stitcher.call(StitcherAPI.stitch, request).backend == .mediaconvert)
            #expect(try jobs().count == 4)
            let unknown = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.jobStatus, StitchJobReference(jobID: "1-none"))
            }
            #expect(unknown?.kind == .notFound && unknown?.provider == "mediaconvert")
            let foreign = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.jobStatus, StitchJobReference(jobID: "../queues"))
            }
            #expect(foreign?.kind == .invalidParams)
        }
    }

    @Test
    func `throttling is retried, other rejections are reported, and expired credentials do not lose the job`()
        async throws
    {
        let request = request(try await threeClips())
        try await withStitcher { stitcher, _ in
            func misbehave(_ fault: JSONValue) throws { try aws.send(["misbehave": fault]) }
            try misbehave(["match": "POST /2017", "status": 429, "json": "TooManyRequestsException"])
            try misbehave(["match": "GET /2017", "status": 503, "json": "ServiceUnavailableException", "times": 5])
            let first = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(try jobs().count == 1)
            var other = request
            other.output = "s3://films/out/other.mp4"
            try misbehave(["match": "POST /2017", "status": 403, "json": "AccessDeniedException"])
            let denied = await refusal(stitcher, other)
            #expect(denied?.kind == .unauthorized && denied?.providerCode == "AccessDeniedException")
            try misbehave([
                "match": "POST /2017", "status": 200, "body": "<html>Welcome</html>",
                "headers": ["Content-Type": "text/html"],
            ])
            let foreign = await refusal(stitcher, other)
            #expect(foreign?.message.contains("unexpected response; check the MediaConvert endpoint") == true)
            // The credentials expire during the job: it goes on, and is found again.
            try cloud(["slow": 3])
            let call = Task { try await stitcher.call(StitcherAPI.stitch, other) }
            try await untilJobs(2)
            try aws.send(["expire": "k"])
            let expired = await #expect(throws: ServiceError.self) { try await call.value }
            #expect(expired?.kind == .unauthorized && expired?.message.contains("expired") == true)
            try aws.send(["renew": "k"])
            let made = try await stitcher.call(StitcherAPI.stitch, other)
            #expect(try jobs().map { $0["id"]?.string } == [first.jobID, made.jobID])
        }
    }

    @Test
    func `the role is configured, created, or reported as missing`() async throws {
        let request = request(try await threeClips())
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_SETUP": "off"]) { stitcher, _ in
            let missing = await refusal(stitcher, request)
            #expect(missing?.kind == .notFound && missing?.message.contains("stitcher.setup_role") == true)
            _ = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "elsewhere"))
            let denied = await refusal(stitcher, request)
            #expect(denied?.providerCode == "1401" && denied?.message.contains("Access Denied: s3:GetObject") == true)
        }
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_ROLE": "Fresh"]) { stitcher, _ in
            // IAM is eventually consistent: MediaConvert does not see a new role at once.
            try aws.send([
                "misbehave": [
                    "match": "POST /2017", "status": 400,
                    "body": #"{"__type":"BadRequestException","message":"The role cannot be assumed"}"#,
                ]
            ])
            // Neither does its access to the bucket.
            try cloud(["fail": ["code": 1432, "message": "Unable to assume the role"]])
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(made.backend == .mediaconvert && made.cost == USD(0.01))
            #expect(try jobs().suffix(2).map { $0["status"] } == ["ERROR", "COMPLETE"])
        }
        let own = "arn:aws:iam::123456789012:role/NoSuchRole"
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_ROLE": own]) { stitcher, _ in
            var other = request
            other.output = "s3://films/out/other.mp4"
            let unknown = await refusal(stitcher, other)
            #expect(unknown?.message.contains("BadRequestException: The role \(own) does not exist") == true)
        }
    }
}
