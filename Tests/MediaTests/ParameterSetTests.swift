// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Testing

@testable import Media

/// Clips whose parameter sets are in their samples too.
@Suite(.timeLimit(.minutes(5))) struct ParameterSetTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func part(_ name: String, _ parameters: String, size: String = "320x180") throws {
        try bench.make(
            name, "-f", "lavfi", "-i", "testsrc2=s=\(size):r=30:d=1", "-c:v", "libx264", "-preset", "veryfast", "-bf",
            "0",
            "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-x264-params", parameters)
    }

    private func join(_ name: String, _ first: String, _ second: String, _ arguments: String...) throws {
        let errors = try bench.runBytes(
            "ffmpeg",
            ["-v", "error", "-y", "-framerate", "30", "-i", "concat:\(first)|\(second)", "-c", "copy"] + arguments + [
                name
            ])
        #expect(errors.isEmpty)
    }

    private func stitch(_ name: String) throws -> FilmReport {
        let still = try bench.clip("still.mp4", frames: 30, of: try bench.flat("gray.png", "gray"))
        return try Film.stitch(
            parts: [
                FilmPart(clip: still, frames: 30, audio: nil, title: "still"),
                FilmPart(clip: bench.path(name), frames: 60, audio: nil, title: name),
            ], output: bench.path("film.mp4"), format: try small())
    }

    /// Compares every frame of the clip in the film with the clip, both decoded by ffmpeg.
    private func expectAlike(_ name: String, skipping: Int = 30) throws {
        #expect(try bench.complaints("film.mp4") == "")
        #expect(try bench.frameHashes("film.mp4").count == skipping + 60)
        let output = try bench.run(
            "ffmpeg", "-v", "info", "-i", "film.mp4", "-i", name, "-lavfi",
            "[0:v]trim=start_frame=\(skipping),settb=1/30,setpts=N[a];[1:v]settb=1/30,setpts=N[b];[a][b]psnr", "-f",
            "null", "-")
        let least = output.firstMatch(of: /min:([0-9.]+|inf)/).flatMap { Double($0.1) } ?? 0
        #expect(least > 30, "\(name): \(least) dB")
    }

    @Test(arguments: ["avc1", "avc3"])
    func `a clip whose parameter sets change within its samples is encoded`(_ tag: String) throws {
        try part("a.h264", "cabac=0")
        try part("b.h264", "cabac=1")
        try join("x.mp4", "a.h264", "b.h264", "-tag:v", tag)
        let report = try stitch("x.mp4")
        #expect(report.parts[1].reason == "its parameter sets change within the clip")
        #expect(report.copiedFrames == 30)
        try expectAlike("x.mp4")
    }

    @Test
    func `a clip whose size changes within its samples is encoded`() throws {
        try part("a.h264", "cabac=1")
        try part("b.h264", "cabac=1", size: "640x360")
        try join("x.mp4", "a.h264", "b.h264")
        #expect(try stitch("x.mp4").copiedFrames == 30)
        #expect(try bench.complaints("film.mp4") == "")
        #expect(try bench.frameHashes("film.mp4").count == 90)
    }

    @Test
    func `a clip whose samples repeat the header's parameter sets is copied`() throws {
        try part("a.h264", "repeat-headers=1:keyint=15")
        try join("x.mp4", "a.h264", "a.h264")
        let report = try Film.stitch(
            parts: [FilmPart(clip: bench.path("x.mp4"), frames: 60, audio: nil, title: "x")],
            output: bench.path("film.mp4"), format: try small())
        #expect(report.copiedFrames == 60)
        try expectAlike("x.mp4", skipping: 0)
    }

    @Test
    func `a film can be encoded as a whole`() throws {
        let still = try bench.clip("still.mp4", frames: 60, of: try bench.flat("gray.png", "gray"))
        var recipe = FilmRecipe(
            parts: [FilmPart(clip: still, frames: 60, audio: nil, title: "still")], format: try small())
        recipe.reencodes = true
        let report = try Film.stitch(recipe, output: bench.path("film.mp4"))
        #expect(report.encodedFrames == 60)
        #expect(report.parts[0].reason == "the film is encoded again as a whole")
        #expect(try bench.complaints("film.mp4") == "")
    }

    @Test
    func `the container's pixel aspect ratio overrides the coded one`() throws {
        try bench.make(
            "s.mp4", "-f", "lavfi", "-i", "color=white:s=320x180:r=30:d=1,setsar=1", "-c:v", "libx264", "-bf", "0",
            "-pix_fmt", "yuv420p", "-colorspace", "bt709")
        for ending in ["mp4", "mkv"] {
            try bench.make("narrow.\(ending)", "-i", "s.mp4", "-c", "copy", "-aspect", "4:3")
            let report = try Film.stitch(
                parts: [FilmPart(clip: bench.path("narrow.\(ending)"), frames: 30, audio: nil, title: "n")],
                output: bench.path("film.mp4"), format: try small())
            #expect(report.copiedFrames == 0)
            let pixels = try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", "film.mp4", "-vf", "extractplanes=y", "-frames:v", "1", "-f", "rawvideo", "-",
                ])
            let row = Array(pixels.dropFirst(90 * 320).prefix(320))
            try #require(row.count == 320)
            #expect(row[20] < 30 && row[160] > 220 && row[300] < 30, "\(ending) is not letterboxed")
        }
    }

    @Test
    func `a sequence parameter set with scaling matrices, fields and POC type 1 is parsed`() throws {
        var bits = BitWriter()
        for byte in [100, 0, 40] { bits.bits(byte, 8) }
        // The id, 4:2:0 of 8 bits, scaling matrices: the first list present, the others absent.
        for value in [0, 1, 0, 0] { bits.unsigned(value) }
        bits.bits(0b011, 3)
        for delta in [-4] + Array(repeating: 1, count: 15) { bits.signed(delta) }
        bits.bits(0, 7)
        for value in [0, 1] { bits.unsigned(value) }
        bits.flag(false)
        for value in [1, -1] { bits.signed(value) }
        bits.unsigned(2)
        for value in [2, -2] { bits.signed(value) }
        bits.unsigned(1)
        bits.flag(false)
        for value in [19, 11] { bits.unsigned(value) }
        for flag in [false, true, true, false, false] { bits.flag(flag) }
        bits.trailing()
        let unit = NALUnit(kind: .sequenceParameterSet, referenceIDC: 3, payload: bits.bytes)
        #expect(throws: MediaError.self) { _ = try SequenceParameterSet(unit) }
        let read = try SequenceParameterSet(unit, acceptsFields: true)
        #expect(read.widthInMacroblocks == 20 && read.heightInMacroblocks == 12 && !read.isFrameOnly)
    }
}
