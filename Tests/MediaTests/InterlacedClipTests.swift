import CFFmpeg
import Testing

@testable import Media

/// Clips whose pictures are two moments in alternate lines.
@Suite(.timeLimit(.minutes(5))) struct InterlacedClipTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// A white bar, 16 pixels wide, that moves 4 pixels each sixtieth of a second.
    private static let bar =
        "color=black:s=320x180:r=60:d=1.5,format=yuv420p,geq=lum='if(between(X-4*N\\,0\\,15)\\,235\\,16)':cb=128:cr=128"

    private func make(_ name: String, topFirst: Bool, _ coding: String...) throws {
        let field =
            topFirst ? "tinterlace=mode=interleave_top,setfield=tff" : "tinterlace=mode=interleave_bottom,setfield=bff"
        let words = try bench.runBytes(
            "ffmpeg",
            ["-v", "error", "-y", "-f", "lavfi", "-i", Self.bar, "-vf", field] + coding + [
                "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709", name,
            ])
        #expect(words.isEmpty)
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

    /// The film's frame shows the moment of the first field, in all lines.
    private func expectSmooth(_ name: String, _ frame: Int = 12) throws {
        let rows = try rows(frame)
        let most =
            zip(rows.dropFirst(2).dropLast(2), rows.dropFirst(3)).map { first, second in
                zip(first, second).map { abs(Int($0) - Int($1)) }.max() ?? 0
            }.max() ?? 0
        #expect(most < 40, "\(name) is combed: \(most)")
        let left = rows[90].firstIndex { $0 > 128 } ?? -1
        #expect(abs(left - frame * 8) <= 1, "\(name): the bar is at \(left)")
    }

    @Test(
        "an interlaced clip is shown one field at a time, whichever field is first", arguments: [true, false])
    func fields(_ topFirst: Bool) throws {
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

    @Test("fields in MPEG-2 with B pictures, in Matroska")
    func mpeg2() throws {
        try make(
            "i.mkv", topFirst: true, "-c:v", "mpeg2video", "-q:v", "2", "-bf", "2", "-flags", "+ildct+ilme")
        _ = try stitch("i.mkv")
        try expectSmooth("i.mkv")
    }

    @Test("progressive pictures are not touched, and copied as before")
    func progressive() throws {
        try bench.make(
            "p.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-c:v", "libx264", "-bf", "0", "-colorspace",
            "bt709", "-pix_fmt", "yuv420p")
        #expect(try stitch("p.mp4").copiedFrames == 30)
        // Coded with tools for fields, though every picture is one moment.
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
