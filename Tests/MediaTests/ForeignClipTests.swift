// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

/// Clips of other makers: each is converted to the film's format by itself, the others are copied.
@Suite(.timeLimit(.minutes(5))) struct ForeignClipTests {
    private let bench: Workbench
    private let format: VideoFormat

    init() throws {
        bench = try Workbench()
        format = try small()
    }

    /// A filter source of four quadrants: red, green, blue, white, row by row from the top left.
    private static func quadrants(_ size: String) -> String {
        let parts = size.split(separator: "x").compactMap { Int($0) }
        let (w, h) = (parts[0], parts[1])
        return "color=red:s=\(size):r=30,format=rgb24,drawbox=\(w / 2):0:\(w / 2):\(h / 2):0x00ff00:fill,"
            + "drawbox=0:\(h / 2):\(w / 2):\(h / 2):0x0000ff:fill,drawbox=\(w / 2):\(h / 2):\(w / 2):\(h / 2):white:fill"
    }

    private func join(
        _ foreign: String, fit: PictureFit = .letterBox, frames: Int = 30
    ) throws -> FilmReport {
        let still = try bench.clip("still.mp4", frames: 30, of: try bench.flat("gray.png", "gray"))
        var recipe = FilmRecipe(
            parts: [
                FilmPart(clip: still, frames: 30, audio: nil, title: "still"),
                FilmPart(clip: bench.path(foreign), frames: frames, audio: nil, title: "foreign"),
                FilmPart(clip: still, frames: 30, audio: nil, title: "again"),
            ], format: format)
        recipe.fit = fit
        let report = try Film.stitch(recipe, output: bench.path("film.mp4"))
        #expect(report.parts[0].copiedFrames == 30 && report.parts[2].copiedFrames == 30)
        #expect(try bench.complaints("film.mp4") == "")
        #expect(try bench.frameHashes("film.mp4").count == 60 + frames)
        return report
    }

    /// The colour at a position of the film's frame 45, in fractions of width and height.
    private func color(_ x: Double, _ y: Double) throws -> [Int] {
        let bytes = try bench.runBytes(
            "ffmpeg",
            [
                "-v", "error", "-i", "film.mp4", "-vf",
                "select=eq(n\\,45),crop=2:2:\(Int(x * 160) * 2):\(Int(y * 90) * 2)", "-frames:v", "1", "-f", "rawvideo",
                "-pix_fmt", "rgb24", "-",
            ])
        return bytes.prefix(3).map(Int.init)
    }

    private func expect(_ x: Double, _ y: Double, _ wanted: [Int], within tolerance: Int = 40) throws {
        let found = try color(x, y)
        let isNear = zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance }
        #expect(isNear, "at \(x), \(y): \(found), expected \(wanted)")
    }

    private static let (red, green, blue, white, black) = (
        [255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255], [0, 0, 0]
    )

    @Test
    func `a clip of another size, codec and rate is encoded, with the reason`() throws {
        try bench.make(
            "f.webm", "-f", "lavfi", "-i", Self.quadrants("640x360").replacing("r=30", with: "r=24"), "-t", "1", "-c:v",
            "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8")
        let report = try join("f.webm")
        #expect(report.parts[1].encodedFrames == 30)
        #expect(report.parts[1].reason == "it is coded as vp9")
        for (x, y, wanted) in [
            (0.25, 0.25, Self.red), (0.75, 0.25, Self.green), (0.25, 0.75, Self.blue), (0.75, 0.75, Self.white),
        ] { try expect(x, y, wanted) }
    }

    @Test
    func `a clip of another aspect ratio is letterboxed, or cropped on request`() throws {
        try bench.make(
            "f.mp4", "-f", "lavfi", "-i", Self.quadrants("240x240"), "-t", "1", "-c:v", "libx264", "-pix_fmt", "yuv420p"
        )
        #expect(try join("f.mp4").parts[1].reason == "it has 240x240 pixels")
        try expect(0.1, 0.5, Self.black)
        try expect(0.35, 0.1, Self.red)
        _ = try join("f.mp4", fit: .crop)
        try expect(0.05, 0.25, Self.red)
        try expect(0.95, 0.95, Self.white)
    }

    @Test(arguments: [90, 180, 270])
    func `a rotated clip is upright`(_ degrees: Int) throws {
        try bench.make(
            "flat.mp4", "-f", "lavfi", "-i", Self.quadrants("180x320"), "-t", "1", "-c:v", "libx264", "-pix_fmt",
            "yuv420p")
        try bench.make("f.mp4", "-i", "flat.mp4", "-c", "copy", "-metadata:s:v", "rotate=\(degrees)")
        let report = try join("f.mp4")
        #expect(report.parts[1].reason != nil)
        // The film must look as ffmpeg decodes the clip.
        try bench.make("seen.png", "-i", "f.mp4", "-frames:v", "1", "-update", "1")
        let size = try bench.entries("seen.png")
        let isWide = degrees != 180
        #expect(size["width"] == (isWide ? "320" : "180"))
        let (left, right) = isWide ? (0.25, 0.75) : (0.42, 0.58)
        let seen = try [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)].map { place in
            try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", "seen.png", "-vf", "crop=2:2:iw*\(place.0):ih*\(place.1)", "-f", "rawvideo",
                    "-pix_fmt", "rgb24", "-",
                ]
            ).prefix(3).map(Int.init)
        }
        try expect(left, 0.25, seen[0])
        try expect(right, 0.25, seen[1])
        try expect(left, 0.75, seen[2])
        try expect(right, 0.75, seen[3])
    }

    @Test
    func `non-square pixels are shown in their aspect ratio`() throws {
        try bench.make(
            "f.mp4", "-f", "lavfi", "-i", Self.quadrants("160x180") + ",setsar=1/1", "-t", "1", "-c:v", "libx264",
            "-pix_fmt", "yuv420p", "-aspect", "16:9")
        _ = try join("f.mp4")
        try expect(0.03, 0.5, Self.blue)
        try expect(0.97, 0.25, Self.green)
    }

    @Test
    func `the colours of BT.601 and full-range clips are converted`() throws {
        for (name, arguments) in [
            (
                "601.mp4",
                [
                    "-vf", "scale=out_color_matrix=bt601,format=yuv420p", "-colorspace", "smpte170m",
                    "-color_primaries",
                    "smpte170m", "-color_trc", "smpte170m",
                ]
            ),
            (
                "full.mp4",
                [
                    "-vf", "scale=out_color_matrix=bt709:out_range=full,format=yuv420p", "-colorspace", "bt709",
                    "-color_range", "pc",
                ]
            ),
        ] {
            let errors = try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", Self.quadrants("320x180"), "-t", "1", "-c:v", "libx264",
                    "-bf", "0",
                ]
                    + arguments + [name])
            #expect(errors.isEmpty)
            let report = try join(name)
            #expect(report.parts[1].encodedFrames == 30, "\(name)")
            try expect(0.25, 0.25, Self.red, within: 12)
            try expect(0.75, 0.25, Self.green, within: 12)
            try expect(0.25, 0.75, Self.blue, within: 12)
        }
    }

    @Test(arguments: ["smpte2084", "arib-std-b67"])
    func `HDR is tone-mapped to the standard range, with a warning`(_ transfer: String) throws {
        try bench.make(
            "f.mp4", "-f", "lavfi", "-i", "color=0x949494:s=320x180:r=30,format=gray,format=yuv420p10le", "-t", "1",
            "-c:v",
            "libx265", "-x265-params", "log-level=none:colorprim=bt2020:transfer=\(transfer):colormatrix=bt2020nc",
            "-colorspace", "bt2020nc", "-color_primaries", "bt2020", "-color_trc", transfer)
        let report = try join("f.mp4")
        #expect(report.parts[1].encodedFrames == 30)
        #expect(report.warnings.count == 1 && report.warnings[0].contains("HDR"))
        let found = try color(0.5, 0.5)
        // 58 % of PQ is diffuse white; 58 % of HLG is light grey. Grey must stay neutral.
        #expect(abs(found[0] - found[1]) <= 3 && abs(found[1] - found[2]) <= 3)
        #expect(found[0] > 150 && found[0] < 250, "\(found)")
        let entries = try bench.entries("film.mp4")
        #expect(entries["color_transfer"] == "bt709" && entries["pix_fmt"] == "yuv420p")
    }

    @Test
    func `B-frames and variable rates are converted to a constant rate`() throws {
        try bench.make(
            "b.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "1", "-c:v", "libx264", "-bf", "3",
            "-pix_fmt",
            "yuv420p", "-colorspace", "bt709")
        #expect(try join("b.mp4").parts[1].reason == "it has B pictures")
        try bench.make(
            "v.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "1", "-vf",
            "select='not(mod(n,3))+lt(n,10)'",
            "-vsync", "vfr", "-c:v", "libx264", "-bf", "0", "-pix_fmt", "yuv420p", "-colorspace", "bt709")
        #expect(try join("v.mp4").parts[1].reason == "its frame rate is not a constant 30/1")
        let entries = try bench.entries("film.mp4")
        #expect(entries["r_frame_rate"] == "30/1" && entries["avg_frame_rate"] == "30/1")
    }
}
