// SPDX-License-Identifier: Apache-2.0

import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct ClipPictureTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test(arguments: [(0.1, 3), (0.35, 11), (15, 450)])
    func `a duration is rounded to the nearest frame`(_ seconds: Double, _ frames: Int) {
        #expect(FrameRate(30).frames(seconds) == frames || FrameRate(30).frames(seconds) == frames - 1)
        #expect(abs(FrameRate(30).seconds(FrameRate(30).frames(seconds)) - seconds) <= 0.5 / 30 + 1e-9)
    }

    @Test(arguments: [
        (24.0, "24/1"), (25, "25/1"), (29.97, "30000/1001"), (50, "50/1"), (60, "60/1"), (23.976, "24000/1001"),
    ])
    func `frame rates are exact fractions`(_ fps: Double, _ text: String) throws {
        let rate = try #require(FrameRate(framesPerSecond: fps))
        _ = try StillClip.make(
            image: try bench.picture("a.png"), frames: 30, output: bench.path("a.mp4"),
            format: try VideoFormat(width: 320, height: 180, rate: rate))
        let found = try bench.entries("a.mp4")
        #expect(found["r_frame_rate"] == text && found["avg_frame_rate"] == text && found["nb_frames"] == "30")
    }

    @Test(arguments: [0, -30, 1, 31, 1000, .nan, .infinity])
    func `unusual frame rates are rejected`(_ fps: Double) { #expect(FrameRate(framesPerSecond: fps) == nil) }

    @Test
    func `the last frame of a clip is never a key frame`() {
        // Adjacent key frames of joined clips must not have the same `idr_pic_id`.
        #expect(KeyFrames.place(frames: 121, rate: FrameRate(30), requested: []) == [0, 60])
        #expect(KeyFrames.place(frames: 122, rate: FrameRate(30), requested: []) == [0, 60, 120])
        #expect(KeyFrames.place(frames: 1, rate: FrameRate(30), requested: []) == [0])
    }

    @Test(arguments: [("white", 235), ("black", 16), ("gray", 126)])
    func `colours are encoded as BT.709 in limited range`(_ color: String, _ luma: Int) throws {
        _ = try bench.clip("a.mp4", frames: 2, of: try bench.flat("a.png", color))
        let found = try bench.luma("a.mp4")
        #expect(found.count == 2)
        #expect(found.allSatisfy { abs($0 - luma) <= 1 })
    }

    @Test
    func `pure red has the luma of BT.709, not of BT.601`() throws {
        _ = try bench.clip("a.mp4", frames: 2, of: try bench.flat("a.png", "red"))
        #expect(try bench.luma("a.mp4").allSatisfy { abs($0 - 63) <= 1 })
    }

    @Test(arguments: ["gray", "gray16be", "ya8"])
    func `a grey image keeps its full range`(_ pixels: String) throws {
        let image = try bench.make(
            "a.png", "-f", "lavfi", "-i", "color=white:s=320x180", "-frames:v", "1", "-update", "1", "-vf",
            "scale=out_range=full,format=\(pixels)")
        _ = try bench.clip("a.mp4", frames: 2, of: image)
        #expect(try bench.luma("a.mp4").allSatisfy { abs($0 - 235) <= 1 })
    }

    @Test(arguments: ["1:1", "1:500", "500:1", "3000:200", "200:2000"])
    func `images of any shape fill the frame`(_ size: String) throws {
        _ = try bench.clip("a.mp4", frames: 2, of: try bench.flat("a.png", "white", size: size))
        let pixels = try bench.runBytes(
            "ffmpeg", ["-v", "error", "-i", "a.mp4", "-frames:v", "1", "-vf", "extractplanes=y", "-f", "rawvideo", "-"])
        #expect(pixels.count == 320 * 180)
        #expect(pixels.allSatisfy { abs(Int($0) - 235) <= 2 })
    }

    @Test(arguments: ["a.jpg", "a.webp", "p.png", "g16.png"])
    func `JPEG, WebP and all PNG colour types are decoded`(_ name: String) throws {
        let filter = ["p.png": "format=pal8", "g16.png": "format=rgb48be"][name] ?? "null"
        let image = try bench.make(
            name, "-f", "lavfi", "-i", "testsrc2=s=640x360", "-frames:v", "1", "-update", "1", "-vf", filter)
        _ = try bench.clip("a.mp4", frames: 5, of: image)
        #expect(try bench.complaints("a.mp4") == "")
        #expect(Set(try bench.frameHashes("a.mp4")).count == 1)
    }

    @Test
    func `a clip decodes the same after remuxing to other containers and back`() throws {
        _ = try bench.clip("a.mp4", frames: 150, of: try bench.picture("a.png"))
        let before = try bench.frameHashes("a.mp4")
        try bench.make("b.mkv", "-i", "a.mp4", "-c", "copy")
        try bench.make("b.ts", "-i", "a.mp4", "-c", "copy")
        try bench.make("c.mp4", "-i", "b.mkv", "-c", "copy")
        for name in ["b.mkv", "b.ts", "c.mp4"] {
            #expect(try bench.complaints(name) == "")
            #expect(try bench.frameHashes(name) == before)
        }
    }

    @Test
    func `progress increases monotonically to 1`() throws {
        var seen: [Double] = []
        _ = try StillClip.make(
            image: try bench.picture("a.png"), frames: 30, output: bench.path("a.mp4"), format: try small(),
            progress: { seen.append($0) })
        #expect(seen == seen.sorted())
        #expect(seen.last == 1)
    }

}
