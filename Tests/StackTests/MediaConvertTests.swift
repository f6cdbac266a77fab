import Contracts
import Foundation
import JSONRPC
import ServicePool
import StandIns
import Testing

/// `stitcher.stitch` with `backend: mediaconvert` and `auto`, through the real stitcher; boto3 and ffprobe look at what came of it.
@Suite(.serialized) struct MediaConvertTests {
    private let aws: StandIn
    private let stack: LiveStack

    init() throws {
        aws = try StandIn("aws")
        stack = try LiveStack.prepare([
            "AWS_ENDPOINT_URL": aws.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "HOME": "/nonexistent",
            "UNDERSTUDY_INSTANCE": "one", "UNDERSTUDY_DRAIN_S": "5",
        ])
    }

    // MARK: - What it stands on

    private func withStitcher(
        _ more: [String: String] = [:], _ body: (RPCConnection, Program) async throws -> Void
    ) async throws {
        var environment = stack.environment.merging(more) { $1 }
        environment["UNDERSTUDY_CACHE_DIR"] = "\(stack.folder)/cache"
        let stitcher = try await Program("stitcher", environment: environment)
        let connection = try await RPCConnection.connect(
            to: try stack.run.socketPath(service: "stitcher", instance: "one"), patience: .seconds(20))
        do {
            try await body(connection, stitcher)
        } catch {
            stitcher.signal(SIGKILL)
            _ = await stitcher.ended()
            throw error
        }
        await connection.close()
        stitcher.signal(SIGTERM)
        _ = await stitcher.ended()
    }

    @discardableResult
    private func s3(_ call: String, _ arguments: [String: JSONValue]) throws -> JSONValue {
        try aws.ask([
            "service": "s3", "call": .string(call),
            "args": .object(arguments.merging(["Bucket": "films"]) { own, _ in own }),
        ])
    }

    @discardableResult
    private func cloud(_ command: JSONValue) throws -> JSONValue { try aws.ask(["mediaconvert": command]) }

    private func jobs() throws -> [JSONValue] { try cloud(["jobs": true])["jobs"]?.array ?? [] }

    private func keys() throws -> Set<String> {
        let listed = try s3("list_objects_v2", [:])
        return Set((listed["Contents"]?.array ?? []).compactMap { $0["Key"]?.string })
    }

    /// Makes a clip of one colour with a tone, and puts it into the bucket.
    private func clip(
        _ name: String, seconds: Double, colour: String, tone: Int? = 400, size: String = "320x180"
    ) async throws -> String {
        let path = "\(stack.folder)/\(name).mp4"
        try FileManager.default.createDirectory(atPath: stack.folder, withIntermediateDirectories: true)
        let sound = tone.map { ["-f", "lavfi", "-i", "sine=f=\($0):r=48000:d=\(seconds)", "-c:a", "aac", "-ac", "2"] }
        let made = try await Program.run(
            "/usr/bin/ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", "color=\(colour):s=\(size):r=30:d=\(seconds)"] + (sound ?? [])
                + [
                    "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "-color_primaries", "bt709",
                    "-color_trc", "bt709", "-colorspace", "bt709", "-color_range", "tv", path,
                ])
        #expect(made.status == 0, "\(made.errors)")
        try s3("upload_file", ["Filename": .string(path), "Key": .string("in/\(name).mp4")])
        return "s3://films/in/\(name).mp4"
    }

    private func request(_ clips: [StitchClip], backend: StitchBackend? = .mediaconvert) -> Stitch {
        var request = Stitch(clips: clips, output: "s3://films/out/final.mp4")
        (request.backend, request.width, request.height) = (backend, 320, 180)
        return request
    }

    private func threeClips() async throws -> [StitchClip] {
        var clips: [StitchClip] = []
        for (index, colour) in ["red", "lime", "blue"].enumerated() {
            let uri = try await clip("seg_\(index + 1)", seconds: 1, colour: colour)
            clips.append(StitchClip(clip: uri, segmentID: "seg_\(index + 1)", duration: 1))
        }
        return clips
    }

    private func film(_ key: String = "out/final.mp4") throws -> String {
        let path = "\(stack.folder)/film.mp4"
        try s3("download_file", ["Key": .string(key), "Filename": .string(path)])
        return path
    }

    /// Red, green and blue of a frame's middle.
    private func colour(_ film: String, frame: Int) async throws -> [Int] {
        let raw = "\(film).\(frame).rgb"
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-i", film, "-vf", "select=eq(n\\,\(frame)),crop=2:2", "-frames:v", "1",
                "-pix_fmt", "rgb24", "-f", "rawvideo", raw,
            ])
        return try Data(contentsOf: URL(filePath: raw)).prefix(3).map(Int.init)
    }

    private func frames(_ film: String) async throws -> Int? {
        let counted = try await Program.run(
            "/usr/bin/ffprobe",
            [
                "-v", "error", "-count_frames", "-select_streams", "v:0", "-show_entries", "stream=nb_read_frames",
                "-of", "csv=p=0", film,
            ])
        return Int(counted.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    private func refusal(_ stitcher: RPCConnection, _ request: Stitch) async -> ServiceError? {
        await #expect(throws: ServiceError.self) { try await stitcher.call(StitcherAPI.stitch, request) }
    }

    /// Returns when a job of MediaConvert is there.
    private func untilJobs(_ count: Int) async throws {
        while try jobs().count < count { try await Task.sleep(for: .milliseconds(20)) }
    }

    /// Returns when the stitcher has written down which job it waits for.
    private func untilRemembered() async throws {
        let ledger = "\(stack.folder)/state/stitcher/mediaconvert"
        while (try? FileManager.default.contentsOfDirectory(atPath: ledger))?.contains(where: {
            $0.hasSuffix(".json")
        })
            != true
        { try await Task.sleep(for: .milliseconds(20)) }
    }

    // MARK: - Films

    @Test(
        "clips in a bucket become a film by one job, whose request is AWS's to the letter; the role is made by the way")
    func simple() async throws {
        var clips = try await threeClips()
        // Longer than its segment: cut by the job.
        clips[1].clip = try await clip("long", seconds: 2.5, colour: "lime")
        for index in clips.indices { clips[index].text = "Words of segment \(index + 1)." }
        var request = request(clips)
        request.captions = .sidecar
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(made.backend == .mediaconvert && made.cost == USD(0.01) && made.duration == 3)
            #expect(made.video == "s3://films/out/final.mp4" && made.chapters.map(\.start) == [0, 1, 2])
            #expect(made.captions == ["s3://films/out/final.srt", "s3://films/out/final.vtt"])
            let jobs = try jobs()
            #expect(jobs.count == 1 && jobs[0]["id"]?.string == made.jobID)
            let asked = jobs[0]["request"]
            #expect(asked?["role"] == "arn:aws:iam::123456789012:role/MediaConvertJobRole")
            let inputs = asked?["settings"]?["inputs"]?.array ?? []
            #expect(inputs.compactMap { $0["fileInput"]?.string } == clips.map(\.clip))
            let cut: JSONValue = [["startTimecode": "00:00:00:00", "endTimecode": "00:00:00:29"]]
            #expect(inputs.map { $0["inputClippings"] } == [nil, cut, nil])
            let group = asked?["settings"]?["outputGroups"]?.array?.first
            #expect(
                group?["outputGroupSettings"]?["fileGroupSettings"]?["destination"] == "s3://films/out/final")
            let video = group?["outputs"]?.array?.first?["videoDescription"]?["codecSettings"]?["h264Settings"]
            #expect(video?["bitrate"] == 5_000_000 && video?["framerateNumerator"] == 30)
            let film = try film()
            #expect(try await frames(film) == 90)
            #expect(try await Judge.complaints(film) == "")
            #expect(try await colour(film, frame: 29)[0] > 200)
            #expect(try await colour(film, frame: 30)[1] > 200)
            #expect(try await colour(film, frame: 60)[2] > 200)
            #expect(try !keys().contains { $0.contains(".stitch") })
            let status = try await stitcher.call(StitcherAPI.jobStatus, StitchJob(jobID: made.jobID ?? ""))
            #expect(status.status == "COMPLETE" && status.percent == 100 && status.error == nil)
            // The same film of the same clips is the same job; other bytes are another film.
            let again = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(again.jobID == made.jobID)
            try s3("delete_object", ["Key": "out/final.mp4"])
            let gone = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(gone.jobID != made.jobID)
            #expect(try keys().contains("out/final.mp4"))
        }
    }

    @Test("a narration apart from its clip, and a clip that is unlike the film or too short, are made fitting before")
    func prepared() async throws {
        var clips = try await threeClips()
        clips[0].clip = try await clip("silent", seconds: 1, colour: "red", tone: nil)
        clips[1].clip = try await clip("other", seconds: 0.5, colour: "lime", size: "160x160")
        _ = try await clip("narration", seconds: 3, colour: "black", tone: 900)
        clips[2].audio = "s3://films/in/narration.mp4"
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request(clips))
            let inputs = try jobs().first?["request"]?["settings"]?["inputs"]?.array ?? []
            #expect(inputs.count == 3)
            #expect(
                inputs.allSatisfy {
                    $0["fileInput"]?.string?.hasPrefix("s3://films/out/.stitch/") == true && $0["inputClippings"] == nil
                })
            let film = try film()
            #expect(try await frames(film) == 90 && made.warnings == nil)
            #expect(try await colour(film, frame: 59)[1] > 200)
            let onset = try #require(try await Judge.onset(film, at: 2))
            #expect(abs(onset) < 0.06)
            #expect(try !keys().contains { $0.contains(".stitch") })
        }
    }

    @Test("files of this machine are refused with their place, or go through the bucket that is configured")
    func staging() async throws {
        var clips = try await threeClips()
        for index in clips.indices { clips[index].clip = "file://\(stack.folder)/seg_\(index + 1).mp4" }
        var request = request(clips)
        request.output = "file://\(stack.folder)/staged.mp4"
        try await withStitcher { stitcher, _ in
            let refused = await refusal(stitcher, request)
            #expect(
                refused?.kind == .invalidParams && refused?.message.hasPrefix("/output: expected an s3:// URI") == true)
            #expect(refused?.message.contains("UNDERSTUDY_MEDIACONVERT_BUCKET") == true)
            var other = request
            (other.output, other.loudness) = ("s3://films/out/x.mp4", -16)
            #expect(await refusal(stitcher, other)?.message.hasPrefix("/loudness_lufs: ") == true)
            other.loudness = nil
            #expect(await refusal(stitcher, other)?.message.hasPrefix("/clips/0/clip: ") == true)
            let made = try jobs()
            #expect(made.isEmpty)
        }
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_BUCKET": "s3://films/work"]) { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(made.video == request.output && made.backend == .mediaconvert)
            #expect(try await frames("\(stack.folder)/staged.mp4") == 90)
            #expect(try !keys().contains { $0.hasPrefix("work/") })
            // Asked for again, the film is there and good: nothing is made, nothing is paid for.
            let again = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(again.jobID == made.jobID)
            #expect(try jobs().count == 1)
        }
    }

    @Test(
        "a cross-fade is made before, as a clip of its own, and is what it is in a film joined here; the film keeps its length"
    )
    func fades() async throws {
        var request = request(try await threeClips())
        (request.mode, request.fade) = (.fade, 0.5)
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(made.cost == USD(0.01) && made.duration == 3)
            let inputs = try jobs().first?["request"]?["settings"]?["inputs"]?.array ?? []
            let names = inputs.map { $0["fileInput"]?.string?.split(separator: "/").last }
            #expect(names == ["seg_1.mp4", "fade_2.mp4", "seg_2.mp4", "fade_3.mp4", "seg_3.mp4"])
            #expect(
                inputs[2]["inputClippings"] == [["startTimecode": "00:00:00:08", "endTimecode": "00:00:00:22"]])
            #expect(inputs[1]["inputClippings"] == nil)
            let film = try film()
            #expect(try await frames(film) == 90)
            #expect(try await Judge.complaints(film) == "")
            var here = request
            (here.backend, here.output) = (.local, "file://\(stack.folder)/here.mp4")
            _ = try await stitcher.call(StitcherAPI.stitch, here)
            for frame in [20, 24, 30, 35, 40, 59, 60] {
                let one = try await colour(film, frame: frame)
                let other = try await colour("\(stack.folder)/here.mp4", frame: frame)
                let isAlike = zip(one, other).allSatisfy { abs($0 - $1) < 24 }
                #expect(isAlike, "\(frame): \(one) \(other)")
            }
            let middle = try await colour(film, frame: 30)
            #expect(middle[0] > 60 && middle[1] > 60 && middle[2] < 60)
            #expect(try !keys().contains { $0.contains(".stitch") })
        }
    }

    @Test("more clips than a job may have are joined in stages, each of which costs what a job costs")
    func stages() async throws {
        let ends = try await threeClips()
        let between = try await clip("short", seconds: 0.2, colour: "lime")
        var clips = (0..<170).map { StitchClip(clip: between, segmentID: "seg_\($0)", duration: 0.2) }
        (clips[0].clip, clips[169].clip) = (ends[0].clip, ends[2].clip)
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request(clips))
            let jobs = try jobs()
            let counts = jobs.map { $0["request"]?["settings"]?["inputs"]?.array?.count }
            #expect(counts == [85, 85, 2] && made.cost == USD(0.03) && made.jobID == jobs[2]["id"]?.string)
            let film = try film()
            #expect(try await frames(film) == 1020)
            #expect(try await colour(film, frame: 5)[0] > 200)
            #expect(try await colour(film, frame: 6)[1] > 200)
            #expect(try await colour(film, frame: 1014)[2] > 200)
            #expect(try !keys().contains { $0.contains(".stitch") })
        }
    }

    // MARK: - Automatically

    @Test("auto joins the film here where MediaConvert fails, waits too long, refuses, or cannot do it, and says so")
    func automatic() async throws {
        let request = request(try await threeClips(), backend: nil)
        let environment = ["UNDERSTUDY_STITCH_BACKEND": "auto", "UNDERSTUDY_MEDIACONVERT_QUEUE_S": "1"]
        try await withStitcher(environment) { stitcher, _ in
            let well = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(well.backend == .mediaconvert && well.warnings == nil)
            func fallback(_ request: Stitch, _ reason: String, job: Bool) async throws {
                let made = try await stitcher.call(StitcherAPI.stitch, request)
                let warning = made.warnings?.first ?? ""
                #expect(made.backend == .local && made.cost == .zero)
                #expect(warning.hasPrefix("joined on this machine, not by MediaConvert: ") && warning.contains(reason))
                #expect((made.jobID != nil) == job && (!job || warning.contains(made.jobID ?? "?")))
            }
            var other = request
            other.output = "s3://films/out/other.mp4"
            try cloud(["fail": ["code": 1999, "message": "Internal trouble"]])
            try await fallback(other, "1999: Internal trouble", job: true)
            #expect(try await frames(try film("out/other.mp4")) == 90)
            try cloud(["hold": true])
            try await fallback(other, "waited for 1 s in its queue", job: true)
            #expect(try jobs().last?["status"] == "CANCELED")
            try cloud(["hold": false])
            try aws.ask(["misbehave": ["match": "POST /2017", "status": 403, "json": "AccessDeniedException"]])
            try await fallback(other, "AccessDeniedException", job: false)
            other.loudness = -16
            try await fallback(other, "/loudness_lufs", job: false)
            other.loudness = nil
            other.output = "file://\(stack.folder)/here.mp4"
            try await fallback(other, "/output: expected an s3:// URI", job: false)
            // Told by name, it is done by name.
            other.backend = .mediaconvert
            #expect(await refusal(stitcher, other)?.kind == .invalidParams)
        }
    }

    // MARK: - Survival

    @Test("a stitcher that was killed while it waited goes on with the same job when it is asked again")
    func killed() async throws {
        let request = request(try await threeClips())
        try cloud(["hold": true])
        try await withStitcher { stitcher, program in
            async let lost = try? await stitcher.call(StitcherAPI.stitch, request)
            try await untilRemembered()
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

    @Test(
        "a job outlives a caller that goes away, a deadline that passes and a stitcher that drains: the next call waits for the same job"
    )
    func abandoned() async throws {
        var clips = try await threeClips()
        clips[0].audio = clips[2].clip
        let request = request(clips)
        try cloud(["hold": true])
        var id: String?
        try await withStitcher(["UNDERSTUDY_DRAIN_S": "0.2"]) { stitcher, program in
            let socket = try stack.run.socketPath(service: "stitcher", instance: "one")
            let other = try await RPCConnection.connect(to: socket)
            async let lost = try? await other.call(StitcherAPI.stitch, request)
            try await untilRemembered()
            id = try jobs().first?["id"]?.string
            await other.close()
            #expect(await lost == nil)
            let late = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.stitch, request, timeout: .seconds(1))
            }
            #expect(late?.kind == .timeout)
            async let drained = try? await stitcher.call(StitcherAPI.stitch, request)
            try await Task.sleep(for: .milliseconds(300))
            program.signal(SIGTERM)
            #expect(await drained == nil)
            #expect(await program.ended().status == 0)
            // Its inputs are still there.
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

    @Test("a job that was made although its answer was lost is not made twice")
    func lostAnswer() async throws {
        let request = request(try await threeClips())
        try await withStitcher { stitcher, _ in
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            // What a kill between the answer and the ledger leaves.
            try FileManager.default.removeItem(atPath: "\(stack.folder)/state/stitcher/mediaconvert")
            let again = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(again.jobID == made.jobID)
            #expect(try jobs().count == 1)
        }
    }

    @Test("who cancels the call cancels the job; nothing is left in the bucket")
    func cancelled() async throws {
        var clips = try await threeClips()
        clips[0].audio = clips[2].clip
        let request = request(clips)
        try cloud(["hold": true])
        try await withStitcher { stitcher, _ in
            let call = Task { try await stitcher.call(StitcherAPI.stitch, request) }
            try await untilJobs(1)
            call.cancel()
            _ = await call.result
            while try jobs().first?["status"] != "CANCELED" { try await Task.sleep(for: .milliseconds(20)) }
            while try keys().contains(where: { $0.contains(".stitch") }) {
                try await Task.sleep(for: .milliseconds(20))
            }
            try cloud(["hold": false])
            let made = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(try jobs().count == 2)
            #expect(try jobs().last?["id"]?.string == made.jobID)
        }
    }

    // MARK: - Faults

    @Test(
        "a clip that may not be read is told by its name; a clip at 30000/1001 frames a second is cut here, to the frame"
    )
    func clips() async throws {
        let clips = try await threeClips()
        try await withStitcher(["UNDERSTUDY_CACHE_DIR": "\(stack.folder)/cold"]) { stitcher, _ in
            try aws.ask([
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
            try aws.ask(["heal": true])
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

    @Test("a job that cannot be cancelled when the film is made here instead is named, since it may still write")
    func uncancelled() async throws {
        let request = request(try await threeClips(), backend: .auto)
        try cloud(["hold": true])
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_QUEUE_S": "86400"]) { stitcher, _ in
            async let call = stitcher.call(StitcherAPI.stitch, request)
            try await untilJobs(1)
            try aws.ask([
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

    @Test("a job that fails, a film that is missing or too short, and a role without access are told in AWS's words")
    func failed() async throws {
        let request = request(try await threeClips())
        try await withStitcher { stitcher, program in
            try cloud(["fail": ["code": 1404, "message": "Unable to open input file"]])
            let fault = await refusal(stitcher, request)
            let id = try #require(try jobs().first?["id"]?.string)
            #expect(
                fault?.message.contains("the MediaConvert job \(id) failed: 1404: Unable to open input file") == true)
            #expect(fault?.provider == "mediaconvert" && fault?.providerCode == "1404" && fault?.retryable == false)
            let status = try await stitcher.call(StitcherAPI.jobStatus, StitchJob(jobID: id))
            #expect(status.status == "ERROR" && status.error == "1404: Unable to open input file")
            try cloud(["empty": true])
            #expect(await refusal(stitcher, request)?.message.contains("was not written") == true)
            try cloud(["empty": false, "short": 20])
            let short = await refusal(stitcher, request)
            #expect(short?.kind == .corruptMedia && short?.message.contains("has 70 frames, promised were 90") == true)
            try cloud(["short": 0])
            try aws.ask([
                "service": "iam", "call": "delete_role_policy",
                "args": ["RoleName": "MediaConvertJobRole", "PolicyName": "UnderstudyS3-films"],
            ])
            // The role is looked at again after each failure, and set right.
            #expect(try await stitcher.call(StitcherAPI.stitch, request).backend == .mediaconvert)
            #expect(try jobs().count == 4)
            let unknown = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.jobStatus, StitchJob(jobID: "1-none"))
            }
            #expect(unknown?.kind == .notFound && unknown?.provider == "mediaconvert")
            let foreign = await #expect(throws: ServiceError.self) {
                try await stitcher.call(StitcherAPI.jobStatus, StitchJob(jobID: "../queues"))
            }
            #expect(foreign?.kind == .invalidParams)
        }
    }

    @Test(
        "refusals of the service: throttled is waited for, denied and foreign answers are told, a job under way is kept"
    )
    func refused() async throws {
        let request = request(try await threeClips())
        try await withStitcher { stitcher, _ in
            func misbehave(_ fault: JSONValue) throws { try aws.ask(["misbehave": fault]) }
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
            #expect(foreign?.message.contains("none of MediaConvert: is the endpoint right?") == true)
            // The credentials expire in mid-job: the job goes on, and is found again.
            try cloud(["slow": 3])
            let call = Task { try await stitcher.call(StitcherAPI.stitch, other) }
            try await untilJobs(2)
            try aws.ask(["expire": "k"])
            let expired = await #expect(throws: ServiceError.self) { try await call.value }
            #expect(expired?.kind == .unauthorized && expired?.message.contains("expired") == true)
            try aws.ask(["renew": "k"])
            let made = try await stitcher.call(StitcherAPI.stitch, other)
            #expect(try jobs().map { $0["id"]?.string } == [first.jobID, made.jobID])
        }
    }

    @Test("a role may be given, or must be there where none may be made")
    func roles() async throws {
        let request = request(try await threeClips())
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_SETUP": "off"]) { stitcher, _ in
            let missing = await refusal(stitcher, request)
            #expect(missing?.kind == .notFound && missing?.message.contains("stitcher.setup_role") == true)
            _ = try await stitcher.call(StitcherAPI.setupRole, SetupRole(bucket: "elsewhere"))
            let denied = await refusal(stitcher, request)
            #expect(denied?.providerCode == "1401" && denied?.message.contains("Access Denied: s3:GetObject") == true)
        }
        try await withStitcher(["UNDERSTUDY_MEDIACONVERT_ROLE": "Fresh"]) { stitcher, _ in
            // MediaConvert does not know a new role at once.
            try aws.ask([
                "misbehave": [
                    "match": "POST /2017", "status": 400,
                    "body": #"{"__type":"BadRequestException","message":"The role cannot be assumed"}"#,
                ]
            ])
            // Nor does the part of it that looks at the bucket.
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
