// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Clipper

@Suite(.timeLimit(.minutes(2))) struct ProbeMethodTests {
    private let fixture: ClipperFixture

    init() throws { fixture = try ClipperFixture() }

    private func probe(_ request: ProbeMedia) async throws -> ProbedMedia {
        try await ProbeMethod(media: fixture.media).probe(request, fixture.call)
    }

    @Test func `a probe reports container, streams and decoded frames`() async throws {
        let probed = try await probe(ProbeMedia(media: try await fixture.clip()))
        #expect(probed.container == "mp4" && probed.frames == 30 && probed.decodedOK == true)
        let video = try #require(probed.streams.first)
        #expect(video.type == "video" && video.codec == "h264" && video.rate == "30/1")
        #expect(video.width == 128 && video.height == 72 && video.pixelFormat == "yuv420p")
        #expect(video.isPresented == true && video.presented == 1)
        #expect(probed.report == nil && probed.soundDuration == nil)
    }

    @Test func `without decoding, the headers are reported alone`() async throws {
        let probed = try await probe(ProbeMedia(media: try await fixture.clip(), decode: false))
        #expect(probed.frames == 30 && probed.decodedOK == nil && probed.streams.first?.presented == nil)
    }

    @Test func `a probe for sound measures the duration of a narration`() async throws {
        let probed = try await probe(ProbeMedia(media: try fixture.tone(seconds: 0.25), sound: true))
        #expect(probed.container == "wav" && probed.decodedOK == nil)
        #expect(try abs(#require(probed.soundDuration) - 0.25) < 0.0001)
    }

    @Test func `a report passes only if all its points do`() async throws {
        let clip = try await fixture.clip()
        let narration = ProbeNarration(segmentID: "a", duration: 1, audio: fixture.uri("missing.wav"))
        let probed = try await probe(ProbeMedia(media: clip, report: true, narrations: [narration]))
        let report = try #require(probed.report)
        #expect(report.points.first { $0.name == "moov_first" }?.isPassed == true)
        // A silent clip is not a film for delivery.
        #expect(report.points.first { $0.name == "audio_codec" }?.isPassed == false)
        #expect(!report.isPassed)
        #expect(!report.points.contains { $0.name == "playable" })
        let thorough = try await probe(ProbeMedia(media: clip, report: true, thorough: true))
        #expect(thorough.report?.points.contains { $0.name == "playable" } == true)
    }

    @Test func `a missing file is not found`() async throws {
        let error = await #expect(throws: ServiceError.self) {
            try await probe(ProbeMedia(media: fixture.uri("missing.mp4")))
        }
        #expect(error?.kind == .notFound)
    }
}

@Suite(.timeLimit(.minutes(2))) struct FilmConverterTests {
    private let fixture: ClipperFixture

    init() throws { fixture = try ClipperFixture() }

    private func convert(_ request: ConvertMedia) async throws -> ConvertedMedia {
        try await FilmConverter(media: fixture.media).convert(request, fixture.call)
    }

    @Test func `a film that players accept is copied, a part of it is encoded`() async throws {
        let clip = try await fixture.clip()
        _ = try await fixture.methods.replaceAudio(
            ReplaceAudio(clip: clip, audio: try fixture.tone(seconds: 1), output: clip), fixture.call)
        var request = ConvertMedia(media: clip, output: fixture.uri("film.mp4"))
        let copied = try await convert(request)
        #expect(copied.video == request.output && copied.encodedPictures == nil && copied.encodedSound == nil)
        #expect(try await fixture.probe(request.output).frames == 30)
        (request.start, request.duration) = (0.2, 0.4)
        let cut = try await convert(request)
        #expect(cut.encodedPictures != nil && abs(cut.duration - 0.4) < 0.001)
        #expect(try await fixture.probe(request.output).frames == 12)
    }

    @Test func `a film is converted to the requested size and rate`() async throws {
        var request = ConvertMedia(media: try await fixture.clip(), output: fixture.uri("film.mp4"))
        (request.width, request.height, request.fps) = (64, 64, 25)
        #expect(try await convert(request).encodedPictures != nil)
        let probed = try await fixture.probe(request.output)
        let video = try #require(probed.streams.first)
        #expect(video.width == 64 && video.height == 64 && video.rate == "25/1" && probed.frames == 25)
    }

    @Test func `an unusual frame rate is rejected at its pointer`() async throws {
        var request = ConvertMedia(media: try await fixture.clip(), output: fixture.uri("film.mp4"))
        request.fps = 31
        let rejected = request
        let error = await #expect(throws: ServiceError.self) { try await convert(rejected) }
        #expect(error?.kind == .invalidParams && error?.detail == "/fps")
        #expect(!fixture.exists("film.mp4"))
    }
}
