import Foundation
import Testing

@testable import Media

/// Media as they come from the world, made by a script: what is good is used, what is bad is refused by name.
@Suite struct CorpusTests {
    private let bench: Workbench
    private let format: VideoFormat

    init() throws {
        bench = try Workbench()
        format = try small()
    }

    /// Made once for all tests.
    private static let folder: Result<String, any Error> = Result {
        let folder = "/tmp/us-corpus-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let script = Bundle.module.bundlePath + "/Corpus/make-corpus.py"
        let words = try Workbench().run("/usr/bin/python3", script, folder)
        guard words.isEmpty else { throw MediaError(.internal, words) }
        return folder
    }

    private func file(_ name: String) throws -> String { try Self.folder.get() + "/" + name }

    private func make(_ name: String) throws -> (kind: MediaError.Kind, message: String)? {
        let image = try file(name)
        return fault { _ = try StillClip.make(image: image, frames: 2, output: bench.path("c.mp4"), format: format) }
    }

    /// The colours of the four quadrants' middles.
    private func quadrants() throws -> [[Int]] {
        try [(80, 44), (240, 44), (80, 134), (240, 134)].map { x, y in
            try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", "c.mp4", "-vf", "crop=2:2:\(x):\(y)", "-frames:v", "1", "-f", "rawvideo",
                    "-pix_fmt", "rgb24", "-",
                ]
            ).prefix(3).map(Int.init)
        }
    }

    private static let (red, green, blue, white) = ([200, 30, 30], [30, 180, 30], [30, 30, 200], [240, 240, 240])

    private func expect(_ wanted: [[Int]], within tolerance: Int = 14, _ name: String) throws {
        let found = try quadrants()
        let isNear = zip(found, wanted).allSatisfy { zip($0, $1).allSatisfy { abs($0 - $1) <= tolerance } }
        #expect(isNear, "\(name): \(found)")
    }

    @Test(
        "every kind of picture gives its colours",
        arguments: [
            "palette.png", "alpha.png", "progressive.jpg", "exif1.jpg", "moving.gif", "still.gif", "moving.webp",
            "moving-clear.webp", "lossy.webp", "lossless.webp", "really-png.jpg", "really-jpg.png", "tail.jpg", "text.png",
        ])
    func colours(_ name: String) throws {
        #expect(try make(name) == nil)
        try expect([Self.red, Self.green, Self.blue, Self.white], name)
    }

    @Test("pictures of one colour, of any depth and size")
    func plain() throws {
        for name in ["one.png", "deep.png", "large.png"] {
            #expect(try make(name) == nil)
            try expect([[Int]](repeating: Self.green, count: 4), name)
        }
        #expect(try make("deepgray.png") == nil)
        try expect([[Int]](repeating: [128, 128, 128], count: 4), "deepgray.png")
        #expect(try make("gray.jpg") == nil)
        let grays = try quadrants()
        #expect(grays.allSatisfy { abs($0[0] - $0[1]) <= 2 && abs($0[1] - $0[2]) <= 2 })
    }

    @Test("a CMYK picture keeps its hues")
    func cmyk() throws {
        #expect(try make("cmyk.jpg") == nil)
        try expect([Self.red, Self.green, Self.blue, Self.white], within: 40, "cmyk.jpg")
    }

    @Test("what is transparent becomes black")
    func clear() throws {
        #expect(try make("clear.png") == nil)
        #expect(try quadrants().contains { $0.allSatisfy { $0 < 8 } })
    }

    @Test("a camera's orientation is honoured", arguments: 1...8)
    func exif(_ orientation: Int) throws {
        let name = "exif\(orientation).jpg"
        #expect(try make(name) == nil)
        let (r, g, b, w) = (Self.red, Self.green, Self.blue, Self.white)
        // Red, green, blue, white as EXIF's numbers turn and mirror them; a tall picture is cropped, its quadrants stay.
        let wanted = [
            [r, g, b, w], [g, r, w, b], [w, b, g, r], [b, w, r, g], [r, b, g, w], [b, r, w, g], [w, g, b, r], [g, w, r, b],
        ]
        try expect(wanted[orientation - 1], name)
    }

    @Test("what is no picture, cut, or too large is refused by name")
    func bad() throws {
        for (name, kind) in [
            ("bomb.png", MediaError.Kind.tooLarge), ("deep-large.png", .tooLarge), ("drawing.png", .unsupported),
            ("list.png", .unsupported), ("words.mp3", .unsupported), ("clip.mp4", .unsupported),
        ] {
            let found = try make(name)
            #expect(found?.kind == kind, "\(name): \(String(describing: found))")
            #expect(found?.message.contains(name) == true)
        }
        for name in ["whole.png", "whole.jpg", "lossy.webp", "moving.webp", "still.gif", "moving.gif"] {
            let bytes = try Data(contentsOf: URL(filePath: try file(name)))
            for tenth in 0..<10 {
                let cut = "cut\(tenth)-\(name)"
                let path = try bench.write(cut, bytes.prefix(bytes.count * tenth / 10))
                let found = fault {
                    _ = try StillClip.make(image: path, frames: 2, output: bench.path("c.mp4"), format: format)
                }
                #expect(found?.kind == .corruptMedia || found?.kind == .unsupported, "\(cut): \(String(describing: found))")
                #expect(found?.message.contains(cut) == true)
            }
        }
    }

    @Test("a large picture stays within the memory that is allowed")
    func memory() throws {
        // In a process of its own, whose high-water mark is this picture's alone.
        let image = try file("large.png")
        let before = try Self.peak()
        _ = try StillClip.make(image: image, frames: 30, output: bench.path("c.mp4"), format: try VideoFormat())
        #expect(try Self.peak() - before < 350)
    }

    /// -> megabytes that this process had resident at most.
    private static func peak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        return (status.firstMatch(of: /VmHWM:\s+(\d+)/).flatMap { Int($0.1) } ?? 0) / 1024
    }

    private func narrate(_ name: String) throws -> AudioReplacementReport {
        let clip = try bench.clip("v.mp4", frames: 60, of: try bench.flat("v.png", "gray"))
        return try AudioReplacement.run(clip: clip, audio: try file(name), output: bench.path("n.mp4"))
    }

    @Test(
        "every kind of sound is heard from its first sample on",
        arguments: [
            "phone.wav", "surround.wav", "surround.flac", "studio.flac", "wide.wav", "tone.mp3", "tone.opus", "tone.m4a",
            "tone.ogg", "tone.aac", "cover.mp3", "long.wav", "endless.wav",
        ])
    func sounds(_ name: String) throws {
        let report = try narrate(name)
        #expect(abs(report.audioDuration - 1) < 0.06, "\(report)")
        let sound = try bench.sound("n.mp4")
        #expect(abs(sound.count - 96_000) < 1100)
        let onset = try #require(sound.firstIndex { abs($0) > 0.02 })
        // Raw AAC does not say how much of its beginning is priming.
        #expect(onset < (name == "tone.aac" ? 2200 : 480), "\(name): \(onset)")
        #expect(sound[60_000...].allSatisfy { abs($0) < 0.01 })
    }

    @Test("a narration that is cut is used as far as it goes; a header that says less is believed")
    func cutSounds() throws {
        #expect(try narrate("cut.mp3").audioDuration > 0.5)
        #expect(abs(try narrate("short.wav").audioDuration - 0.1) < 0.01)
    }

    @Test("what holds no sound is refused by name", arguments: ["none.wav", "words.mp3", "whole.png", "list.png"])
    func noSound(_ name: String) throws {
        let found = fault { _ = try narrate(name) }
        #expect(found?.kind == .corruptMedia || found?.kind == .unsupported, "\(String(describing: found))")
        #expect(found?.message.contains(name) == true)
    }

    @Test(
        "what holds no picture that can be shown is refused by name",
        arguments: ["soundonly.mp4", "empty.mp4", "nomoov.mp4", "concat.mp4", "hls.mp4", "words.mp3", "none.wav"])
    func noVideo(_ name: String) throws {
        let path = try file(name)
        let found = fault {
            _ = try Film.stitch(
                parts: [FilmPart(clip: path, frames: 10, audio: nil, title: "x")], output: bench.path("f.mp4"),
                format: format)
        }
        #expect(found?.kind == .corruptMedia || found?.kind == .unsupported, "\(String(describing: found))")
        #expect(found?.message.contains(name) == true)
        let probed = try? MediaProbe.probe(path, decode: true)
        #expect(probed?.frames ?? 0 == 0)
    }

    @Test("a clip whose data are cut is found out by decoding")
    func cutVideo() throws {
        let report = try MediaProbe.probe(try file("cutdata.mp4"), decode: true)
        #expect(report.decodedOK == false)
        #expect(!report.problems.isEmpty)
        let check = try DeliveryCheck.run(try file("cutdata.mp4"))
        #expect(check.findings.first { $0.name == "decodes" }?.isPassed == false)
    }
}
