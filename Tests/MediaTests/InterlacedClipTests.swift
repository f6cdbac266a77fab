// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Testing

@testable import Media

/// Interlaced clips: the lines of a frame alternate between two times.
@Suite(.timeLimit(.minutes(5))) struct InterlacedClipTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// A filter source of a white bar, 16 pixels wide, that moves 4 pixels every 1/60 s.
    private static let bar =
        "color=black:s=320x180:r=60:d=1.5,format=yuv420p,geq=lum='if(between(X-4*N\\,0\\,15)\\,235\\,16)':cb=128:cr=128"

    private func make(_ name: String, topFirst: Bool, _ coding: String...) throws {
        let field =
            topFirst ? "tinterlace=mode=interleave_top,setfield=tff" : "tinterlace=mode=interleave_bottom,setfield=bff"
        let errors = try bench.runBytes(
            "ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", Self.bar, "-vf", field] + coding + [
                "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", name,
            ])
        #expect(errors.isEmpty)
    }

    /// The luma of a frame of the film, row by row.
    private func rows(_ frame: Int) throws -> [[UInt8]] {
        let bytes = Array(
            try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", "film.mp4", "-vf", "select=eq(n\\,\(frame)),extractplanes=y", "-frames:v", "1",
                    "-f", "rawvideo", "-",
                ]))
        try #require(bytes.count == 320 * 180)
        return (0..<180).map { Array(bytes[$0 * 320..<($0 + 1) * 320]) }
    }

    private func stitch(_ name: String) throws -> FilmReport {
        try Film.stitch(
            parts: [FilmPart(clip: bench.path(name), frames: 30, audio: nil, title: name)],
            output: bench.path("film.mp4"), format: try small())
    }

    /// Checks that all lines of a frame show the time of the first field.
    ///
    /// - Parameter pixels: how far the bar moves per frame of the film.
    private func expectSmooth(_ name: String, _ frame: Int = 12, pixels: Int = 8) throws {
        let rows = try rows(frame)
        let largest =
            zip(rows.dropFirst(2).dropLast(2), rows.dropFirst(3)).map { first, second in
                zip(first, second).map { abs(Int($0) - Int($1)) }.max() ?? 0
            }.max() ?? 0
        #expect(largest < 40, "\(name) has combing artefacts: \(largest)")
        let left = rows[90].firstIndex { $0 > 128 } ?? -1
        #expect(abs(left - frame * pixels) <= 1, "\(name): the bar is at \(left)")
    }

    @Test(arguments: [true, false])
    func `an interlaced clip is deinterlaced, in either field order`(_ topFirst: Bool) throws {
        try make(
            "i.mp4", topFirst: topFirst, "-c:v", "libx264", "-crf", "10", "-bf", "0", "-flags", "+ildct+ilme",
            "-x264-params", topFirst ? "tff=1" : "bff=1")
        #expect(try stitch("i.mp4").parts[0].reason == "it is interlaced")
        try expectSmooth("i.mp4")
        try make(
            "i.mov", topFirst: topFirst, "-pix_fmt", "yuv422p10le", "-c:v", "prores_ks", "-flags", "+ildct", "-top",
            topFirst ? "1" : "0")
        _ = try stitch("i.mov")
        try expectSmooth("i.mov")
    }

    @Test
    func `interlaced MPEG-2 with B-frames in Matroska is deinterlaced`() throws {
        try make(
            "i.mkv", topFirst: true, "-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-flags", "+ildct+ilme")
        _ = try stitch("i.mkv")
        try expectSmooth("i.mkv")
    }

    /// Makes a clip whose fields are coded as pictures of half the height.
    private func makeFields(_ name: String) throws {
        let errors = try bench.runBytes(
            "ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", Self.bar, "-vf", "scale=320:90,setsar=1/2", "-c:v", "libx265",
                "-x265-params", "log-level=none:interlace=tff", "-tag:v", "hvc1", "-pix_fmt", "yuv420p", "-colorspace",
                "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", name,
            ])
        #expect(errors.isEmpty)
    }

    @Test
    func `HEVC coded in fields shows the fields of one parity at the frame's height`() throws {
        try makeFields("i.mp4")
        _ = try stitch("i.mp4")
        try expectSmooth("i.mp4")
        let rows = try rows(12)
        #expect(rows[4].contains { $0 > 128 } && rows[175].contains { $0 > 128 })
    }

    @Test
    func `interlaced films of any codec are deinterlaced, progressive ones are copied`() throws {
        try makeFields("hevc.mp4")
        try make(
            "h264.mp4", topFirst: true, "-c:v", "libx264", "-crf", "10", "-flags", "+ildct+ilme", "-x264-params",
            "tff=1", "-pix_fmt", "yuv420p")
        // Without the signalling in the container and in the SEI messages.
        try bench.make("bare.mp4", "-i", "h264.mp4", "-c", "copy", "-bsf:v", "filter_units=remove_types=6")
        try make("mpeg2.ts", topFirst: true, "-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-flags", "+ildct+ilme")
        for name in ["hevc.mp4", "h264.mp4", "bare.mp4", "mpeg2.ts"] {
            let report = try MovieConversion.run(
                ConversionRecipe(input: bench.path(name)), output: bench.path("film.mp4"))
            let isOther = name == "mpeg2.ts"
            #expect(report.encodedPictures == (isOther ? "its pictures are coded as mpeg2video" : "it is interlaced"))
            if !isOther { #expect(try MP4Compatibility.obstacle(bench.path(name)) == "it is interlaced", "\(name)") }
            #expect(try MP4Compatibility.obstacle(bench.path("film.mp4")) == nil, "\(name)")
            let entries = try bench.entries("film.mp4")
            #expect(entries["width"] == "320" && entries["height"] == "180", "\(name)")
            #expect(entries["field_order"] == "progressive", "\(name)")
            try expectSmooth(name, name == "hevc.mp4" ? 24 : 12, pixels: name == "hevc.mp4" ? 4 : 8)
        }
        for (name, coding) in [
            ("p265.mp4", ["-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1"]),
            ("p264.mp4", ["-c:v", "libx264", "-x264-params", "fake-interlaced=1"]),
        ] {
            let errors = try bench.runBytes(
                "ffmpeg",
                ["-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1"] + coding + [
                    "-pix_fmt", "yuv420p", name,
                ])
            #expect(errors.isEmpty)
            let report = try MovieConversion.run(
                ConversionRecipe(input: bench.path(name)), output: bench.path("film.mp4"))
            #expect(report.encodedPictures == nil, "\(name)")
        }
    }

    @Test
    func `progressive video is copied, or encoded without deinterlacing`() throws {
        try bench.make(
            "p.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-c:v", "libx264", "-bf", "0", "-colorspace",
            "bt709", "-pix_fmt", "yuv420p")
        #expect(try stitch("p.mp4").copiedFrames == 30)
        // Coded with field tools, although every frame is progressive.
        try bench.make(
            "f.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-c:v", "libx264", "-bf", "0", "-colorspace",
            "bt709", "-pix_fmt", "yuv420p", "-x264-params", "fake-interlaced=1")
        #expect(try stitch("f.mp4").parts[0].reason == "it is coded as interlaced video")
        let likeness = try bench.run(
            "ffmpeg", "-v", "info", "-i", "film.mp4", "-i", "f.mp4", "-lavfi", "psnr", "-f", "null", "-")
        let least = likeness.firstMatch(of: /min:([0-9.]+)/).flatMap { Double($0.1) } ?? 0
        #expect(least > 35, "\(least) dB")
    }
}
