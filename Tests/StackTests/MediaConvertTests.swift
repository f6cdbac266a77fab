// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import ServicePool
import StandIns
import Testing

/// Films that MediaConvert joins, and that the backend `auto` joins locally instead.
@Suite(.serialized, .timeLimit(.minutes(4))) struct MediaConvertTests: MediaConvertFixture {
    let aws: StandIn
    let stack: LiveStack

    init() throws {
        aws = try StandIn("aws")
        stack = try Self.prepare(aws)
    }

    // MARK: - Films

    @Test
    func `clips in a bucket are joined by one job with a valid request, and the role is created`() async throws {
        var clips = try await threeClips()
        // Longer than its segment, so the job must cut it.
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
            let created = jobs[0]["request"]
            #expect(created?["role"] == "arn:aws:iam::123456789012:role/MediaConvertJobRole")
            let inputs = created?["settings"]?["inputs"]?.array ?? []
            #expect(inputs.compactMap { $0["fileInput"]?.string } == clips.map(\.clip))
            let cut: JSONValue = [["startTimecode": "00:00:00:00", "endTimecode": "00:00:00:29"]]
            #expect(inputs.map { $0["inputClippings"] } == [nil, cut, nil])
            let group = created?["settings"]?["outputGroups"]?.array?.first
            #expect(
                group?["outputGroupSettings"]?["fileGroupSettings"]?["destination"] == "s3://films/out/final")
            let video = group?["outputs"]?.array?.first?["videoDescription"]?["codecSettings"]?["h264Settings"]
            #expect(video?["bitrate"] == 5_000_000 && video?["framerateNumerator"] == 30)
            let film = try film()
            #expect(try await frames(film) == 90)
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await colour(film, frame: 29)[0] > 200)
            #expect(try await colour(film, frame: 30)[1] > 200)
            #expect(try await colour(film, frame: 60)[2] > 200)
            #expect(try !keys().contains { $0.contains(".stitch") })
            let status = try await stitcher.call(StitcherAPI.jobStatus, StitchJobReference(jobID: made.jobID ?? ""))
            #expect(status.status == "COMPLETE" && status.percent == 100 && status.error == nil)
            // The same request is the same job, as long as its film exists.
            let again = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(again.jobID == made.jobID)
            try s3("delete_object", ["Key": "out/final.mp4"])
            let recreated = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(recreated.jobID != made.jobID)
            #expect(try keys().contains("out/final.mp4"))
        }
    }

    @Test
    func `the ledger of MediaConvert jobs is flushed to disk, checked by system calls`() async throws {
        let request = request(try await threeClips())
        try await withStitcher(tracing: SystemCalls.fileChanges) { stitcher, _ in
            #expect(try await stitcher.call(StitcherAPI.stitch, request).backend == .mediaconvert)
            let calls = SystemCalls(try String(contentsOfFile: "\(stack.folder)/trace", encoding: .utf8))
            let ledger = "\(stack.folder)/state/stitcher/mediaconvert"
            let entries = try FileManager.default.contentsOfDirectory(atPath: ledger).filter { $0.hasSuffix(".json") }
            #expect(!entries.isEmpty)
            #expect(calls.volatileNames(below: "\(stack.folder)/state") { _ in false } == [])
            #expect(calls.flushes(ofPathEnding: ledger) >= 1)
        }
    }

    @Test
    func `narrations, and clips of another format or too short, are prepared before the job`() async throws {
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
            let onset = try #require(try await FilmInspection.onset(film, at: 2))
            #expect(abs(onset) < 0.06)
            #expect(try !keys().contains { $0.contains(".stitch") })
        }
    }

    @Test
    func `local files are rejected with their pointer, or staged in the configured bucket`() async throws {
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
            // The film of a repeated request exists already: no job is created.
            let again = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(again.jobID == made.jobID)
            #expect(try jobs().count == 1)
        }
    }

    @Test
    func `cross-fades are prepared as clips and equal those of a local film, and the film keeps its length`()
        async throws
    {
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
            #expect(try await FilmInspection.decodingErrors(film) == "")
            var local = request
            (local.backend, local.output) = (.local, "file://\(stack.folder)/local.mp4")
            _ = try await stitcher.call(StitcherAPI.stitch, local)
            for frame in [20, 24, 30, 35, 40, 59, 60] {
                let cloud = try await colour(film, frame: frame)
                let local = try await colour("\(stack.folder)/local.mp4", frame: frame)
                let isAlike = zip(cloud, local).allSatisfy { abs($0 - $1) < 24 }
                #expect(isAlike, "\(frame): \(cloud) \(local)")
            }
            let middle = try await colour(film, frame: 30)
            #expect(middle[0] > 60 && middle[1] > 60 && middle[2] < 60)
            #expect(try !keys().contains { $0.contains(".stitch") })
        }
    }

    @Test
    func `more clips than the limit of a job are joined in stages, each at the price of a job`() async throws {
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

    // MARK: - Backend auto

    @Test
    func `auto joins the film locally, with a warning, if MediaConvert fails, queues too long or rejects it`()
        async throws
    {
        let request = request(try await threeClips(), backend: nil)
        let environment = ["UNDERSTUDY_STITCH_BACKEND": "auto", "UNDERSTUDY_MEDIACONVERT_QUEUE_S": "1"]
        try await withStitcher(environment) { stitcher, _ in
            let joined = try await stitcher.call(StitcherAPI.stitch, request)
            #expect(joined.backend == .mediaconvert && joined.warnings == nil)
            func fallback(_ request: StitchFilm, _ reason: String, job: Bool) async throws {
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
            try aws.send(["misbehave": ["match": "POST /2017", "status": 403, "json": "AccessDeniedException"]])
            try await fallback(other, "AccessDeniedException", job: false)
            other.loudness = -16
            try await fallback(other, "/loudness_lufs", job: false)
            other.loudness = nil
            other.output = "file://\(stack.folder)/local.mp4"
            try await fallback(other, "/output: expected an s3:// URI", job: false)
            // A backend that is requested by name has no fallback.
            other.backend = .mediaconvert
            #expect(await refusal(stitcher, other)?.kind == .invalidParams)
        }
    }
}
