// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

/// Measurements of films of other makers.
@Suite(.timeLimit(.minutes(5))) struct FilmMeasureTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func film(_ name: String, _ picture: String, _ sound: String, _ codecs: String...) throws -> String {
        _ = try bench.runBytes(
            "ffmpeg", ["-v", "error", "-y", "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound] + codecs + [name])
        return bench.path(name)
    }

    private func total(_ name: String, _ findings: [DeliveryFinding]) -> DeliveryFinding? {
        findings.first { $0.name == "\(name)_total" }
    }

    @Test
    func `the durations of streams are those of their decoded frames, not the container's`() throws {
        let film = try film(
            "f.webm", "testsrc2=s=320x180:r=30:d=3", "sine=d=10", "-c:v", "libvpx", "-b:v", "1M", "-c:a", "libopus")
        let report = try MediaProbe.probe(film, decode: true)
        #expect(report.duration > 9)
        let (video, audio) = (try #require(report.streams.first?.span), try #require(report.streams.last?.span))
        #expect(abs(video.presented - 3) < 0.001 && abs(audio.presented - 10) < 0.02)
        #expect(abs(video.end - 3) < 0.02 && report.streams.allSatisfy(\.isBest))
        // The duration of the last frame is taken from the container.
        let still = try bench.clip("c.mp4", frames: 45, of: try bench.picture("a.png"))
        #expect(try MediaProbe.probe(still, decode: true).streams.first?.span?.presented == 1.5)
    }

    @Test
    func `black, frozen and silent stretches are found with their times in all pixel formats`() throws {
        for (format, codec) in [("yuv420p", "libx264"), ("yuv420p10le", "libx264"), ("gbrp", "libx264rgb")] {
            try bench.run(
                "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=2", "-f", "lavfi",
                "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=0.04", "-f",
                "lavfi", "-i", "sine=d=3", "-filter_complex",
                "[2]loop=50:1,trim=end=2,setpts=N/25/TB[t];[0][1][t]concat=n=3,format=\(format)[v]", "-map", "[v]",
                "-map", "3", "-c:v", codec, "-c:a", "aac", "f.mkv")
            let findings = try DeliveryCheck.run(bench.path("f.mkv"), isThorough: true).findings
            let black = try #require(total("black", findings)?.ranges)
            #expect(
                black.count == 1 && abs(black[0].start) < 0.05 && abs(black[0].end - 2) < 0.05, "\(format) \(black)")
            let frozen = try #require(total("frozen", findings))
            #expect(abs((frozen.value ?? 0) - 4) < 0.1 && !frozen.isPassed, "\(format) \(frozen)")
            let silent = try #require(total("silent", findings))
            #expect(abs((silent.ranges?.first?.start ?? 0) - 3) < 0.15, "\(silent)")
            #expect(abs((silent.ranges?.first?.end ?? 0) - 6) < 0.1 && silent.isPassed, "\(silent)")
        }
    }

    /// ffmpeg's arguments for 12 s of 320x180, and whether they show a frozen picture.
    private static let motions: [(name: String, arguments: [String], isFrozen: Bool)] = [
        ("still", ["-crf", "18"], true), ("still", ["-crf", "28"], true),
        ("grain", ["-vf", "crop=320:180:0:0,noise=alls=4:allf=t", "-crf", "20"], true),
        ("bit rate", ["-vf", "crop=320:180:0:0,noise=alls=4:allf=t", "-b:v", "600k"], true),
        ("pan", ["-vf", "crop=320:180:x='n*0.25':y=20"], false),
        ("pan below grain", ["-vf", "crop=320:180:x='n*0.5':y=20,noise=alls=4:allf=t"], false),
        (
            "Ken Burns", ["-vf", "zoompan=z='1+0.001*on':d=1:s=320x180:fps=30:x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2'"],
            false
        ),
        (
            "lips",
            [
                "-vf",
                "crop=320:180:0:0,drawbox=x=150:y=90:w=10:h=4:color=black:t=fill:enable='lt(mod(t\\,0.3)\\,0.15)'",
            ], false
        ),
    ]

    @Test(arguments: 0..<8)
    func `a still under grain is frozen, and slow motion is not`(_ index: Int) throws {
        let motion = Self.motions[index]
        try bench.make(
            "p.png", "-f", "lavfi", "-i", "mandelbrot=s=640x360:r=30:start_scale=0.3", "-frames:v", "1")
        let filter = motion.arguments.contains("-vf") ? [] : ["-vf", "crop=320:180:0:0"]
        _ = try bench.runBytes(
            "ffmpeg",
            ["-v", "error", "-y", "-loop", "1", "-framerate", "30", "-t", "12", "-i", "p.png"] + filter
                + motion.arguments + ["-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p", "f.mp4"])
        let findings = try DeliveryCheck.run(bench.path("f.mp4"), isThorough: true).findings
        let frozen = try #require(total("frozen", findings)?.ranges)
        if motion.isFrozen {
            #expect(frozen == [TimeRange(start: 0, end: 12)], "\(motion.name): \(frozen)")
        } else {
            #expect(frozen.allSatisfy { $0.duration < 2 }, "\(motion.name): \(frozen)")
        }
    }

    /// How a narration is processed before it is in a film: a filter and a codec as ffmpeg's arguments.
    private static let treatments: [(filter: String, codec: [String])] = [
        ("anull", ["aac"]), ("anull", ["libmp3lame", "-b:a", "32k"]), ("anull", ["libopus", "-b:a", "32k"]),
        ("equalizer=f=300:t=q:w=1:g=6,equalizer=f=3000:t=q:w=1:g=-8", ["aac"]), ("highpass=f=300", ["aac"]),
        ("lowpass=f=1500", ["aac"]), ("loudnorm=I=-16:TP=-1.5,aformat=channel_layouts=mono", ["aac"]),
        ("aecho=0.8:0.7:60|90:0.4|0.3", ["aac"]),
        ("atempo=1.05", ["aac"]), ("atempo=0.95", ["aac"]), ("aeval=-val(0):c=same", ["aac"]),
        ("aresample=16000", ["aac"]), ("adelay=150", ["aac"]), ("acompressor=threshold=0.05:ratio=6:makeup=4", ["aac"]),
    ]

    @Test
    func `processed speech is recognised, other speech of the same voice is not, also above music`() throws {
        let sample = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "services/understudy/Sample")
        for id in ["seg_002", "seg_003"] {
            try bench.make(
                "\(id).wav", "-i", sample.appending(path: "\(id).mp3").path, "-t", "2.4", "-ac", "1", "-ar", "48000")
        }
        func measured(_ spoken: String, _ wanted: String, _ filter: String, _ codec: [String]) throws
            -> DeliveryFinding?
        {
            _ = try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "color=red:s=64x64:r=30:d=3", "-i", "\(spoken).wav", "-f",
                    "lavfi", "-i",
                    "aevalsrc='0.1*sin(1382*t)+0.1*sin(1741*t)+0.05*sin(2073*t)*(1+sin(12*t))':s=48000:d=3",
                    "-filter_complex", "[1]\(filter),apad=whole_dur=3[a]", "-map", "0", "-map", "[a]", "-t",
                    "3", "-c:v", "mpeg4", "-c:a",
                ] + codec + ["f.mkv"])
            let narration = ExpectedNarration(
                segmentID: "a", duration: 3, audio: bench.path("\(wanted).wav"), audioStart: 0)
            return try DeliveryCheck.run(bench.path("f.mkv"), narrations: [narration], isThorough: true).findings
                .first { $0.name == "sync_a" }
        }
        for (number, (filter, codec)) in Self.treatments.enumerated() {
            let found = try measured("seg_002", "seg_002", filter, codec)
            #expect(found?.value != nil, "\(filter) \(codec) \(String(describing: found))")
            if filter.hasPrefix("adelay") { #expect(abs((found?.value ?? 0) - 150) < 2) }
            guard number % 3 == 0 else { continue }
            let other = try measured("seg_003", "seg_002", filter, codec)
            #expect(other?.measured == "something else is heard", "\(filter) \(codec) \(String(describing: other))")
        }
        let mixed = "volume=1[v];[v][2]amix=2:normalize=0"
        #expect(try measured("seg_002", "seg_002", mixed, ["aac"])?.value != nil)
        #expect(try measured("seg_003", "seg_002", mixed, ["aac"])?.measured == "something else is heard")
    }

    @Test
    func `a report that is not thorough has no totals`() throws {
        let clip = try bench.clip("c.mp4", frames: 45, of: try bench.picture("a.png"))
        let findings = try DeliveryCheck.run(clip).findings
        #expect(!findings.contains { $0.name.hasSuffix("_total") || $0.name == "playable" })
    }

    @Test
    func `a missing narration is found even if it starts with silence`() throws {
        try bench.run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=440:d=8", "-af",
            "volume=0:enable='lt(t,6)',volume=4", "n.wav")
        let film = try film(
            "f.mp4", "testsrc2=s=320x180:r=25:d=8", "anullsrc=d=8", "-c:v", "libx264", "-c:a", "aac")
        let narration = ExpectedNarration(segmentID: "a", duration: 8, audio: bench.path("n.wav"), audioStart: 0)
        let findings = try DeliveryCheck.run(film, narrations: [narration], isThorough: true).findings
        #expect(findings.first { $0.name == "sync_a" }?.measured == "heard for 0.0 of 2.0 s of speech")
    }

    @Test
    func `a truncated narration is found, and a continuous tone is not mistaken for the next narration`() throws {
        let narration = try bench.tone("n.wav", seconds: 8)
        func finding(_ sound: String) throws -> DeliveryFinding? {
            let film = try film("f.mp4", "testsrc2=s=320x180:r=25:d=16", sound, "-c:v", "libx264", "-c:a", "aac")
            return try DeliveryCheck.run(
                film,
                narrations: ["a", "b"].map {
                    ExpectedNarration(segmentID: $0, duration: 8, audio: narration, audioStart: 0)
                }, isThorough: true
            ).findings.first { $0.name == "sync_b" }
        }
        #expect(try finding("sine=f=440:d=16")?.value != nil)
        let cut = try #require(try finding("sine=f=440:d=13"))
        #expect(
            cut.value == nil && !cut.isPassed && cut.measured.hasPrefix("heard for 5.")
                && cut.measured.hasSuffix(" of 8.0 s of speech"), "\(cut)")
        #expect(try finding("sine=f=440:d=8")?.measured == "silent")
        #expect(try finding("anoisesrc=d=16:a=0.3")?.measured == "something else is heard")
    }
}
