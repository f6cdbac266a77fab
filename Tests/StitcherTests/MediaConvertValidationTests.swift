// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Testing

@testable import Stitcher

/// Requests that MediaConvert cannot fulfil are rejected before any work.
@Suite(.timeLimit(.minutes(1))) struct MediaConvertValidationTests {
    /// The pointer at which a request is rejected; `nil` if it is accepted.
    private func pointer(hasStaging: Bool = false, _ change: (inout StitchFilm) -> Void = { _ in }) -> String? {
        var request = StitchFilm(
            clips: [
                StitchClip(clip: "s3://films/a.mp4", segmentID: "a", duration: 1),
                StitchClip(clip: "s3://films/b.mp4", segmentID: "b", duration: 1),
            ], output: "s3://films/final.mp4")
        change(&request)
        do throws(ServiceError) {
            try MediaConvertStitcher.validate(request, hasStaging: hasStaging)
            return nil
        } catch {
            #expect(error.kind == .invalidParams)
            return error.detail
        }
    }

    @Test func `a film of clips in a bucket is accepted`() {
        #expect(pointer() == nil)
        #expect(pointer { $0.mode = .fade } == nil)
    }

    @Test func `loudness, music and fades of the whole film are rejected at their pointers`() {
        #expect(pointer { $0.loudness = -16 } == "/loudness_lufs")
        #expect(pointer { $0.music = "s3://films/music.mp3" } == "/music")
        #expect(pointer { $0.fadeIn = 1 } == "/fade_in_s")
        #expect(pointer { $0.fadeOut = 0.5 } == "/fade_out_s")
        // A fade of length 0 is no fade.
        #expect(pointer { ($0.fadeIn, $0.fadeOut) = (0, 0) } == nil)
    }

    @Test func `of all captions, only a text track is rejected`() {
        for captions in Captions.allCases {
            #expect(pointer { $0.captions = captions } == (captions == .soft ? "/captions" : nil), "\(captions)")
        }
    }

    @Test(arguments: ["s3://films/final.mov", "s3://films/final", "s3://films/$date$.mp4"])
    func `an output must be an MP4 without placeholders`(_ output: String) {
        #expect(pointer { $0.output = output } == "/output")
    }

    @Test func `files of this machine need a staging bucket`() {
        #expect(pointer { $0.output = "file:///films/final.mp4" } == "/output")
        #expect(pointer { $0.clips[1].clip = "file:///films/b.mp4" } == "/clips/1/clip")
        #expect(
            pointer(hasStaging: true) {
                $0.output = "file:///films/final.mp4"
                $0.clips[1].clip = "file:///films/b.mp4"
            } == nil)
    }
}
