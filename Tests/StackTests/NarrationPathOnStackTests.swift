// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Films that are stitched while the narrations are added to their clips.
@Suite(.serialized, .timeLimit(.minutes(3))) struct NarrationPathOnStackTests {
    @Test
    func `adding narrations to clips while they are stitched does not change the film`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [0.7, 1.1, 0.9])
            for id in ids { try await stack.writeNarration(id, seconds: 0.6) }
            let view = try await stack.runJob()
            #expect(view.state == .finished && view.warnings.isEmpty, "\(view.warnings)")
            let clips = zip(ids, [0.7, 1.1, 0.9]).map { id, duration in
                StitchClip(
                    clip: "file://" + stack.artifactPath("agent5/\(id)_clip.mp4"), segmentID: id, duration: duration,
                    audio: "file://" + stack.artifactPath("agent4/\(id).mp3"))
            }
            for mode in [StitchMode.simple, .fade] {
                let expected = try await Self.stitch(clips, mode, "expected", stack)
                for round in 0..<5 {
                    async let film = Self.stitch(clips, mode, "\(round)", stack)
                    let clipper = try await stack.connect("clipper")
                    for _ in 0..<3 {
                        for clip in clips {
                            _ = try await clipper.call(
                                ClipperAPI.replaceAudio,
                                ReplaceAudio(clip: clip.clip, audio: clip.audio ?? "", output: clip.clip))
                        }
                    }
                    #expect(try await film == expected, "\(mode) \(round)")
                }
            }
        }
    }

    @Test
    func `an unreadable narration is one warning, and its segment is silent`() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            try await stack.writeNarration(ids[0], seconds: 0.8)
            try Data(repeating: 0x55, count: 5000).write(to: URL(filePath: stack.artifactPath("agent4/\(ids[1]).mp3")))
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.warnings.count { $0.hasPrefix("\(ids[1]): ") } == 1, "\(view.warnings)")
            let film = stack.artifactPath("agent5/final.mp4")
            #expect(abs(try #require(try await FilmInspection.onset(film, at: 0))) < 0.01)
            #expect(try await FilmInspection.decodingErrors(film) == "")
        }
    }

    /// Stitches a film.
    ///
    /// - Returns: The checksums of its decoded pictures and of its decoded sound.
    private static func stitch(
        _ clips: [StitchClip], _ mode: StitchMode, _ name: String, _ stack: LiveStack
    ) async throws -> [String] {
        let path = stack.artifactPath("agent5/\(mode.rawValue)-\(name).mp4")
        var request = StitchFilm(clips: clips, output: "file://\(path)")
        (request.mode, request.width, request.height) = (mode, 320, 180)
        _ = try await stack.connect("stitcher").call(StitcherAPI.stitch, request)
        var sums: [String] = []
        for stream in ["v", "a"] {
            let sum = try await Program.run(
                "/usr/bin/ffmpeg", ["-v", "error", "-i", path, "-map", "0:\(stream)", "-f", "md5", "-"])
            #expect(sum.status == 0 && sum.output.hasPrefix("MD5="), "\(sum.errors)")
            sums.append(sum.output)
        }
        return sums
    }
}
