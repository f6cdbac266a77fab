import Contracts
import Faults
import Foundation
import JSON
import JSONRPC
import Testing

/// Films that are stitched while the narrations are put into their clips.
@Suite(.serialized) struct NarrationPathOnStackTests {
    @Test("clips that are narrated while a film is stitched of them change nothing of its pictures and its sound")
    func beside() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [0.7, 1.1, 0.9])
            for id in ids { try await stack.narrate(id, seconds: 0.6) }
            let view = try await stack.job(["width": 320, "height": 180])
            #expect(view.state == .finished && view.warnings.isEmpty, "\(view.warnings)")
            let clips = zip(ids, [0.7, 1.1, 0.9]).map { id, duration in
                StitchClip(
                    clip: "file://" + stack.place("agent5/\(id)_clip.mp4"), segmentID: id, duration: duration,
                    audio: "file://" + stack.place("agent4/\(id).mp3"))
            }
            for mode in [StitchMode.simple, .fade] {
                let still = try await Self.stitch(clips, mode, "still", stack)
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
                    #expect(try await film == still, "\(mode) \(round)")
                }
            }
        }
    }

    @Test("a narration that cannot be read is one warning, and the film is silent there, while others are heard")
    func unreadable() async throws {
        try await LiveStack.with { stack in
            let ids = try stack.writeStoryboard(durations: [1, 1])
            try await stack.narrate(ids[0], seconds: 0.8)
            try Data(repeating: 0x55, count: 5000).write(to: URL(filePath: stack.place("agent4/\(ids[1]).mp3")))
            let view = try await stack.job(["width": 320, "height": 180])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(view.warnings.count { $0.hasPrefix("\(ids[1]): ") } == 1, "\(view.warnings)")
            let film = stack.place("agent5/final.mp4")
            #expect(abs(try #require(try await Judge.onset(film, at: 0))) < 0.01)
            #expect(try await Judge.complaints(film) == "")
        }
    }

    /// Stitches a film. -> checksums of its decoded pictures and of its decoded sound.
    private static func stitch(
        _ clips: [StitchClip], _ mode: StitchMode, _ name: String, _ stack: LiveStack
    ) async throws -> [String] {
        let path = stack.place("agent5/\(mode.rawValue)-\(name).mp4")
        var request = Stitch(clips: clips, output: "file://\(path)")
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
