// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct FormatTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test(arguments: [24, 25, 29.97, 30, 50, 60])
    func `every frame rate is exact, whatever the number of segments`(_ fps: Double) throws {
        let rate = try #require(FrameRate(framesPerSecond: fps))
        let format = try VideoFormat(width: 96, height: 64, rate: rate)
        let image = try bench.flat("a.png", "gray")
        var parts: [FilmPart] = []
        var start = 0
        for number in 1...7 {
            let end = rate.frames(Double(number) * 0.73)
            let clip = bench.path("c\(number).mp4")
            _ = try StillClip.make(image: image, frames: end - start, output: clip, format: format)
            parts.append(FilmPart(clip: clip, frames: end - start, audio: nil, title: "\(number)"))
            start = end
        }
        let report = try Film.stitch(parts: parts, output: bench.path("f.mp4"), format: format, fadeFrames: 4)
        #expect(report.frames == start && abs(report.duration - 5.11) <= 0.5 / rate.framesPerSecond + 1e-9)
        let entries = try bench.entries("f.mp4")
        let exact = fps == 29.97 ? "30000/1001" : "\(Int(fps))/1"
        #expect(entries["r_frame_rate"] == exact && entries["avg_frame_rate"] == exact)
        #expect(entries["nb_frames"] == "\(start)")
        #expect(try bench.complaints("f.mp4") == "")
    }

    @Test(arguments: [
        (1280, 720), (720, 1280), (720, 720), (1080, 1920), (1080, 1080), (3840, 2160), (2160, 3840), (2160, 2160),
    ])
    func `landscape, portrait and square films of each size are valid`(_ width: Int, _ height: Int) throws {
        let format = try VideoFormat(width: width, height: height)
        let image = try bench.picture("a.png", "testsrc2=s=800x600")
        for motion in [ClipRecipe.Motion.still, .automatic(segmentID: "a", position: 1)] {
            _ = try Clip.make(
                ClipRecipe(image: image, frames: 5, format: format, motion: motion), output: bench.path("c.mp4"))
            let entries = try bench.entries("c.mp4")
            #expect(entries["width"] == "\(width)" && entries["height"] == "\(height)")
            #expect(entries["sample_aspect_ratio"] == "1:1" && entries["nb_frames"] == "5")
            #expect(try bench.complaints("c.mp4") == "")
        }
    }

    @Test
    func `three hundred segments stay in sync`() throws {
        let format = try VideoFormat(width: 96, height: 64)
        let image = try bench.flat("a.png", "gray")
        let narration = try bench.burst("n.wav", seconds: 0.1)
        var seconds = 0.0
        var start = 0
        var parts: [FilmPart] = []
        var narrations: [ExpectedNarration] = []
        var lengths: Set<Int> = []
        for number in 0..<300 {
            let duration = 0.41 + Double(number % 7) * 0.0113
            seconds += duration
            let end = format.rate.frames(seconds)
            let clip = bench.path("c\(end - start).mp4")
            if lengths.insert(end - start).inserted {
                _ = try StillClip.make(image: image, frames: end - start, output: clip, format: format)
            }
            parts.append(FilmPart(clip: clip, frames: end - start, audio: narration, title: "\(number)"))
            narrations.append(
                ExpectedNarration(
                    segmentID: "\(number)", duration: format.rate.seconds(end - start), audio: narration, audioStart: 0)
            )
            start = end
        }
        let report = try Film.stitch(parts: parts, output: bench.path("f.mp4"), format: format)
        #expect(report.copiedFrames == start && abs(report.duration - seconds) <= 0.5 / 30)
        let findings = try DeliveryCheck.run(bench.path("f.mp4"), narrations: narrations).findings
        let sync = findings.filter { $0.name.hasPrefix("sync_") }
        #expect(sync.count == 300)
        let off = sync.filter { !$0.isPassed }
        #expect(off.isEmpty, "\(off.prefix(3))")
    }

    @Test
    func `a report finds a late narration and a missing one`() throws {
        let clip = try bench.clip("c.mp4", frames: 90, of: try bench.picture("a.png"))
        let narration = try bench.burst("n.wav", after: 0.3, seconds: 2)
        let late = try bench.burst("l.wav", after: 0.34, seconds: 2)
        let film = bench.path("f.mp4")
        _ = try Film.stitch(
            parts: [
                FilmPart(clip: clip, frames: 90, audio: late, title: "late"),
                FilmPart(clip: clip, frames: 90, audio: nil, title: "gone"),
            ], output: film, format: try small())
        let findings = try DeliveryCheck.run(
            film,
            narrations: ["late", "gone"].map {
                ExpectedNarration(segmentID: $0, duration: 3, audio: narration, audioStart: 0)
            }
        ).findings
        let found = findings.first { $0.name == "sync_late" }
        #expect(found?.isPassed == false && found?.measured.hasPrefix("4") == true, "\(String(describing: found))")
        #expect(findings.first { $0.name == "sync_gone" }?.isPassed == false)
    }

    @Test
    func `a thousand clips leak no memory`() throws {
        let image = try bench.flat("a.png", "gray")
        let format = try VideoFormat(width: 96, height: 64)
        func resident() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            return status.firstMatch(of: /VmRSS:\s+(\d+)/).flatMap { Int($0.1) } ?? 0
        }
        func round(_ count: Int) throws {
            for _ in 0..<count {
                _ = try StillClip.make(image: image, frames: 10, output: bench.path("c.mp4"), format: format)
            }
        }
        try round(200)
        let before = try resident()
        try round(1000)
        #expect(try resident() - before < 8 * 1024)
    }
}
