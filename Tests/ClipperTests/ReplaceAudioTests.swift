// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Clipper

@Suite(.timeLimit(.minutes(2))) struct ReplaceAudioTests {
    private let fixture: ClipperFixture

    init() throws { fixture = try ClipperFixture() }

    private func replace(_ request: ReplaceAudio) async throws -> ReplacedAudio {
        try await fixture.methods.replaceAudio(request, fixture.call)
    }

    @Test func `a short narration is padded, and the clip keeps its frames`() async throws {
        let clip = try await fixture.clip()
        let replaced = try await replace(
            ReplaceAudio(clip: clip, audio: try fixture.tone(seconds: 0.4), output: fixture.uri("narrated.mp4")))
        #expect(replaced.clip == fixture.uri("narrated.mp4"))
        #expect(abs(replaced.audioDuration - 0.4) < 0.001 && abs(replaced.padded - 0.6) < 0.001)
        #expect(replaced.trimmed == 0)
        let probed = try await fixture.probe(replaced.clip)
        #expect(probed.frames == 30 && probed.streams.map(\.type) == ["video", "audio"])
        let sound = probed.streams.last
        #expect(sound?.codec == "aac" && sound?.sampleRate == 48_000 && sound?.channels == 2)
    }

    @Test func `a long narration is trimmed, unless its beginning is skipped`() async throws {
        let clip = try await fixture.clip()
        var request = ReplaceAudio(
            clip: clip, audio: try fixture.tone(seconds: 1.5), output: fixture.uri("narrated.mp4"))
        let replaced = try await replace(request)
        #expect(abs(replaced.trimmed - 0.5) < 0.001 && replaced.padded == 0)
        request.audioStart = 0.5
        let skipped = try await replace(request)
        #expect(skipped.trimmed < 0.001 && skipped.padded < 0.001)
    }

    @Test func `the output may be the clip itself`() async throws {
        let clip = try await fixture.clip()
        _ = try await replace(ReplaceAudio(clip: clip, audio: try fixture.tone(seconds: 1), output: clip))
        #expect(try await fixture.probe(clip).streams.map(\.type) == ["video", "audio"])
    }

    @Test func `a narration without sound leaves the clip unchanged`() async throws {
        let clip = try await fixture.clip()
        let before = try await fixture.probe(clip)
        try fixture.write("text.mp3", "not a sound")
        do {
            _ = try await replace(ReplaceAudio(clip: clip, audio: fixture.uri("text.mp3"), output: clip))
            Issue.record("a text was accepted as a narration")
        } catch {
            let error = ServiceError(wrapping: error)
            #expect(error.kind == .corruptMedia && error.message.contains("text.mp3"))
        }
        let after = try await fixture.probe(clip)
        #expect(after.frames == before.frames && after.streams.map(\.type) == ["video"])
    }
}
