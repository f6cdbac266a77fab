import Testing

@testable import Media

/// What is measured in films that were made elsewhere.
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

    @Test("the lengths of streams are those of their decoded frames, whatever the container states")
    func spans() throws {
        let film = try film(
            "f.webm", "testsrc2=s=320x180:r=30:d=3", "sine=d=10", "-c:v", "libvpx", "-b:v", "1M", "-c:a", "libopus")
        let report = try MediaProbe.probe(film, decode: true)
        #expect(report.duration > 9)
        let (video, audio) = (try #require(report.streams.first?.span), try #require(report.streams.last?.span))
        #expect(abs(video.presented - 3) < 0.001 && abs(audio.presented - 10) < 0.02)
        #expect(abs(video.end - 3) < 0.02 && report.streams.allSatisfy(\.isBest))
        // The last picture's duration is the container's word.
        let still = try bench.clip("c.mp4", frames: 45, of: try bench.picture("a.png"))
        #expect(try MediaProbe.probe(still, decode: true).streams.first?.span?.presented == 1.5)
    }

    @Test("black, frozen and silent stretches are found with their times, of any pixel format and rate")
    func stretches() throws {
        for (format, codec) in [("yuv420p", "libx264"), ("yuv420p10le", "libx264"), ("gbrp", "libx264rgb")] {
            try bench.run(
                "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=black:s=320x180:r=25:d=2", "-f", "lavfi",
                "-i", "testsrc2=s=320x180:r=25:d=2", "-f", "lavfi", "-i", "testsrc=s=320x180:r=25:d=0.04", "-f",
                "lavfi", "-i", "sine=d=3", "-filter_complex",
                "[2]loop=50:1,trim=end=2,setpts=N/25/TB[t];[0][1][t]concat=n=3,format=\(format)[v]", "-map", "[v]",
                "-map", "3", "-c:v", codec, "-c:a", "aac", "f.mkv")
            let findings = try DeliveryCheck.run(bench.path("f.mkv"), isThorough: true).findings
            let black = try #require(total("black", findings)?.stretches)
            #expect(
                black.count == 1 && abs(black[0].start) < 0.05 && abs(black[0].end - 2) < 0.05, "\(format) \(black)")
            let frozen = try #require(total("frozen", findings))
            #expect(abs((frozen.value ?? 0) - 4) < 0.1 && !frozen.isPassed, "\(format) \(frozen)")
            let silent = try #require(total("silent", findings))
            #expect(abs((silent.stretches?.first?.start ?? 0) - 3) < 0.15, "\(silent)")
            #expect(abs((silent.stretches?.first?.end ?? 0) - 6) < 0.1 && silent.isPassed, "\(silent)")
        }
    }

    @Test("a film of our own is not measured further, and has no more points than before")
    func own() throws {
        let clip = try bench.clip("c.mp4", frames: 45, of: try bench.picture("a.png"))
        let findings = try DeliveryCheck.run(clip).findings
        #expect(!findings.contains { $0.name.hasSuffix("_total") || $0.name == "playable" })
    }

    @Test("a narration that begins late is missed too")
    func lateSpeech() throws {
        try bench.run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "sine=f=440:d=8", "-af",
            "volume=0:enable='lt(t,6)',volume=4", "n.wav")
        let film = try film(
            "f.mp4", "testsrc2=s=320x180:r=25:d=8", "anullsrc=d=8", "-c:v", "libx264", "-c:a", "aac")
        let narration = ExpectedNarration(segmentID: "a", duration: 8, audio: bench.path("n.wav"), audioStart: 0)
        let findings = try DeliveryCheck.run(film, narrations: [narration], isThorough: true).findings
        #expect(findings.first { $0.name == "sync_a" }?.measured == "heard for 0.0 of 2.0 s of speech")
    }

    @Test("a narration that breaks off is found, and a tone that goes on is not taken for another")
    func coverage() throws {
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
