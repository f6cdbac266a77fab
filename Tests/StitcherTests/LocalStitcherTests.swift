// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Media
import Testing
import Timebase

@testable import Stitcher

@Suite(.timeLimit(.minutes(2))) struct LocalStitcherTests {
    private let fixture: StitcherFixture

    init() throws { fixture = try StitcherFixture() }

    private func stitch(_ request: StitchFilm) async throws -> StitchedFilm {
        try await fixture.local.stitch(request, fixture.call)
    }

    @Test func `clips become a film with a chapter for each, at the price of a film`() async throws {
        var segments = try fixture.segments()
        segments[0].title = "The harbour"
        segments[1].text = "The keeper climbs the stairs of his tower, and the lamp begins to turn."
        let request = fixture.request(segments)
        let film = try await stitch(request)
        #expect(film.video == request.output && film.backend == .local && film.cost == USD(0.005))
        #expect(film.duration == 1 && film.copiedFrames == 30 && film.encodedFrames == 0)
        #expect(film.chapters.map(\.title) == ["The harbour", "The keeper climbs the stairs of his…"])
        #expect(film.chapters.map(\.start) == [0, 0.5] && film.chapters.map(\.end) == [0.5, 1])
        #expect(film.clips?.map(\.segmentID) == ["seg_1", "seg_2"])
        #expect(film.clips?.allSatisfy { $0.copiedFrames == 15 && $0.reason == nil } == true)
        #expect(film.warnings == nil && film.captions == nil && film.jobID == nil && film.loudness == nil)
        let report = try MediaProbe.probe(fixture.path("film.mp4"), decode: true)
        #expect(report.frames == 30 && report.decodedOK == true && report.streams.contains { $0.type == "audio" })
    }

    @Test func `a film of stills encodes the frames of its cross-fades only`() async throws {
        var request = fixture.request(try fixture.segments())
        (request.mode, request.fade) = (.fade, 0.2)
        let film = try await stitch(request)
        #expect(film.duration == 1 && film.encodedFrames == 6 && film.copiedFrames == 24)
        // Without the mode, the length of a fade has no effect.
        request.mode = .simple
        #expect(try await stitch(request).encodedFrames == 0)
    }

    @Test func `a film that is encoded again copies no frame`() async throws {
        var request = fixture.request(try fixture.segments())
        request.reencode = true
        let film = try await stitch(request)
        #expect(film.copiedFrames == 0 && film.encodedFrames == 30)
        #expect(film.clips?.allSatisfy { $0.reason != nil } == true)
    }

    @Test func `a missing narration and missing music are warnings`() async throws {
        var clips = try fixture.segments()
        clips[1].audio = fixture.uri("missing.mp3")
        var request = fixture.request(clips)
        request.music = fixture.uri("music.mp3")
        let warnings = try #require(try await stitch(request).warnings)
        #expect(warnings.count == 2)
        #expect(warnings.first?.hasPrefix("seg_2: ") == true && warnings.first?.contains("missing.mp3") == true)
        #expect(warnings.last?.contains("music.mp3") == true && warnings.last?.contains("no music") == true)
    }

    @Test func `a missing clip is not found, and no film appears`() async throws {
        var clips = try fixture.segments()
        clips[1].clip = fixture.uri("missing.mp4")
        let request = fixture.request(clips)
        let error = await #expect(throws: ServiceError.self) { try await stitch(request) }
        #expect(error?.kind == .notFound && error?.message.contains("missing.mp4") == true)
        #expect(!fixture.exists("film.mp4"))
    }

    @Test func `an unusual frame rate is rejected at its pointer`() async throws {
        var request = fixture.request(try fixture.segments())
        request.fps = 31
        let rejected = request
        let error = await #expect(throws: ServiceError.self) { try await stitch(rejected) }
        #expect(error?.kind == .invalidParams && error?.detail == "/fps")
    }

    // MARK: - Captions

    @Test func `sidecar captions are written beside the film, on its time line`() async throws {
        var clips = try fixture.segments()
        (clips[0].text, clips[1].text) = ("The harbour wakes.", "The gulls cry.")
        var request = fixture.request(clips)
        request.captions = .sidecar
        let film = try await stitch(request)
        #expect(film.captions == [fixture.uri("film.srt"), fixture.uri("film.vtt")])
        let (srt, vtt) = (try fixture.text("film.srt"), try fixture.text("film.vtt"))
        #expect(srt.contains("The harbour wakes.") && srt.contains("The gulls cry."))
        #expect(vtt.hasPrefix("WEBVTT") && vtt.contains("00:00:00.500 --> 00:00:01.000\nThe gulls cry."))
        let streams = try MediaProbe.probe(fixture.path("film.mp4"), decode: false).streams
        #expect(!streams.contains { $0.type == "subtitle" })
    }

    @Test func `soft captions are a text track too`() async throws {
        var clips = try fixture.segments()
        clips[0].text = "The harbour wakes."
        var request = fixture.request(clips)
        request.captions = .soft
        #expect(try await stitch(request).captions?.count == 2)
        let streams = try MediaProbe.probe(fixture.path("film.mp4"), decode: false).streams
        #expect(streams.contains { $0.type == "subtitle" })
    }

    @Test(arguments: [Captions.none, .burned])
    func `no caption files are written for other modes`(_ captions: Captions) async throws {
        var clips = try fixture.segments()
        clips[0].text = "The harbour wakes."
        var request = fixture.request(clips)
        request.captions = captions
        #expect(try await stitch(request).captions == nil)
        #expect(!fixture.exists("film.srt") && !fixture.exists("film.vtt"))
    }

    // MARK: - The time line

    @Test func `rounding to frames does not add up over many clips`() async throws {
        try fixture.write("clip.mp4", "resolved, not decoded")
        let rate = FrameRate(30)
        let clips = (0..<40).map { StitchClip(clip: fixture.uri("clip.mp4"), segmentID: "seg_\($0)", duration: 0.3713) }
        var warnings: [String] = []
        let parts = try await fixture.local.parts(clips, rate: rate, &warnings)
        #expect(parts.allSatisfy { (11...12).contains($0.frames) })
        #expect(parts.reduce(0) { $0 + $1.frames } == rate.frames(40 * 0.3713) && warnings == [])
        let chapters = LocalStitcher.chapters(parts, rate)
        #expect(zip(chapters, chapters.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect(chapters.first?.start == 0 && chapters.last?.end == rate.seconds(rate.frames(40 * 0.3713)))
    }

    @Test func `the tempo of a narration applies only if there is one`() async throws {
        try fixture.write("clip.mp4", "resolved, not decoded")
        try fixture.write("voice.mp3", "resolved, not decoded")
        let clips = ["voice.mp3", "missing.mp3"].map { name in
            StitchClip(
                clip: fixture.uri("clip.mp4"), segmentID: "seg", duration: 1, audio: fixture.uri(name), audioStart: 2,
                tempo: 1.5)
        }
        var warnings: [String] = []
        let parts = try await fixture.local.parts(clips, rate: FrameRate(30), &warnings)
        #expect(parts.map(\.tempo) == [1.5, 1] && parts.map(\.audioStart) == [2, 2])
        #expect(parts.map(\.audio) == [fixture.path("voice.mp3"), nil] && warnings.count == 1)
    }
}
