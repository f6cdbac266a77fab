// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import Parameters
import Testing

@testable import Clipper
@testable import Media

@Suite(.timeLimit(.minutes(2))) struct CreateClipTests {
    private let fixture: ClipperFixture

    init() throws { fixture = try ClipperFixture() }

    private func create(_ request: CreateClip) async throws -> CreatedClip {
        try await fixture.methods.create(request, fixture.call)
    }

    private func refusal(_ request: CreateClip) async -> ServiceError? {
        do {
            _ = try await create(request)
            return nil
        } catch {
            return ServiceError(wrapping: error)
        }
    }

    @Test func `a still becomes a clip with the requested frames, at its price`() async throws {
        let created = try await create(try fixture.clipRequest(seconds: 0.5))
        #expect(created.clip == fixture.uri("clip.mp4") && created.cost == USD(0.002))
        #expect(created.frames == 15 && created.duration == 0.5 && created.fps == 30)
        #expect(created.width == 128 && created.height == 72 && created.warnings == nil)
        #expect(FileManager.default.contents(atPath: fixture.path("clip.mp4"))?.count == created.bytes)
        let probed = try await fixture.probe(created.clip)
        #expect(probed.frames == 15 && probed.decodedOK == true && probed.problems == [])
    }

    @Test func `a duration below half a frame still gives one frame`() async throws {
        #expect(try await create(try fixture.clipRequest(seconds: 0.001)).frames == 1)
    }

    @Test func `key frames are put at the ends of cross-fades and at requested times`() async throws {
        var request = try fixture.clipRequest()
        let format = try VideoFormat(width: 128, height: 72)
        _ = try await create(request)
        #expect(try ClipTrack(path: fixture.path("clip.mp4"), format: format).keys == [0])
        // A fade of 15 frames over each boundary takes 8 frames after it and 7 before it.
        (request.boundary, request.keyFrames) = (0.5, [0.5])
        _ = try await create(request)
        #expect(try ClipTrack(path: fixture.path("clip.mp4"), format: format).keys == [0, 8, 15, 23])
        // A fade of a single frame is none.
        (request.boundary, request.keyFrames) = (0.02, nil)
        _ = try await create(request)
        #expect(try ClipTrack(path: fixture.path("clip.mp4"), format: format).keys == [0])
    }

    @Test(arguments: [Motion.kenBurns, .path(CameraPath(from: .full, to: .centre))])
    func `a clip with motion has all frames`(_ motion: Motion) async throws {
        var request = try fixture.clipRequest(seconds: 0.4)
        request.motion = motion
        #expect(try await create(request).frames == 12)
        let probed = try await fixture.probe(request.output)
        #expect(probed.frames == 12 && probed.decodedOK == true)
    }

    @Test func `a rectangle outside the picture is rejected at its pointer, and makes no clip`() async throws {
        var request = try fixture.clipRequest()
        let outside = PictureRectangle(x: 0.8, y: 0, width: 0.5, height: 0.5)
        for (path, pointer) in [
            (CameraPath(from: .full, to: outside), "/motion/to"),
            (CameraPath(from: outside, to: .full), "/motion/from"),
        ] {
            request.motion = .path(path)
            #expect(request.violations().map(\.pointer) == [pointer])
            #expect(await refusal(request) != nil)
        }
        #expect(!fixture.exists("clip.mp4"))
    }

    @Test func `an unusual frame rate is rejected before anything is read`() async throws {
        var request = try fixture.clipRequest()
        (request.fps, request.image) = (31, fixture.uri("missing.png"))
        let refused = await refusal(request)
        #expect(refused?.kind == .invalidParams && refused?.detail == "/fps")
    }

    @Test func `a missing still and a file that is not an image are errors that name them`() async throws {
        var request = try fixture.clipRequest()
        request.image = fixture.uri("missing.png")
        let missing = await refusal(request)
        #expect(missing?.kind == .notFound && missing?.message.contains("missing.png") == true)
        try fixture.write("text.png", "not an image")
        request.image = fixture.uri("text.png")
        let text = await refusal(request)
        #expect(text?.kind == .corruptMedia && text?.message.contains("text.png") == true)
        #expect(!fixture.exists("clip.mp4"))
    }

    @Test func `burned captions change the coded picture, sidecar captions do not`() async throws {
        var request = try fixture.clipRequest()
        request.text = "The harbour wakes before the sun does."
        let plain = try await create(request).bytes
        request.captions = .sidecar
        #expect(try await create(request).bytes == plain)
        request.captions = .burned
        #expect(try await create(request).bytes > plain)
    }

    @Test func `a missing narration does not fail a clip with captions`() async throws {
        var request = try fixture.clipRequest()
        (request.captions, request.text, request.audio) = (.burned, "Harbour.", fixture.uri("missing.wav"))
        #expect(try await create(request).frames == 30)
    }
}

extension PictureRectangle {
    fileprivate static let full = PictureRectangle(x: 0, y: 0, width: 1, height: 1)
    fileprivate static let centre = PictureRectangle(x: 0.1, y: 0.1, width: 0.8, height: 0.8)
}
