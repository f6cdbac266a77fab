// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Foundation
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct MotionTests {
    private let bench: Workbench
    private let format: VideoFormat

    init() throws {
        bench = try Workbench()
        format = try VideoFormat(width: 640, height: 360)
    }

    /// Makes a dark image with soft dots at known positions, twice the film's size.
    private func dots(_ places: [(x: Double, y: Double)]) throws -> String {
        let (width, height) = (1280, 720)
        var pixels = [UInt8](repeating: 16, count: width * height)
        for place in places {
            for y in Int(place.y) - 24...Int(place.y) + 24 {
                for x in Int(place.x) - 24...Int(place.x) + 24 {
                    let (dx, dy) = (Double(x) - place.x, Double(y) - place.y)
                    let light = 16 + 210 * exp(-(dx * dx + dy * dy) / 72)
                    pixels[y * width + x] = max(pixels[y * width + x], UInt8(light))
                }
            }
        }
        try bench.write("dots.pgm", Array("P5 \(width) \(height) 255\n".utf8) + pixels)
        return try bench.make("dots.png", "-i", "dots.pgm", "-pix_fmt", "rgb24")
    }

    private func frames(_ clip: String) throws -> [[UInt8]] {
        let bytes = try bench.runBytes(
            "ffmpeg",
            [
                "-v", "error", "-i", clip, "-map", "0:v", "-vf", "extractplanes=y", "-f", "rawvideo", "-pix_fmt",
                "gray", "-",
            ])
        let size = format.width * format.height
        return stride(from: 0, to: bytes.count - size + 1, by: size).map { Array(bytes[$0..<$0 + size]) }
    }

    /// The centroid of a dot near a position, in pixels.
    private func centroid(_ frame: [UInt8], near place: (x: Double, y: Double)) -> (x: Double, y: Double) {
        var (sum, sumX, sumY) = (0.0, 0.0, 0.0)
        for y in Int(place.y) - 14...Int(place.y) + 14 {
            for x in Int(place.x) - 14...Int(place.x) + 14 {
                let light = max(Double(frame[y * format.width + x]) - 30, 0)
                (sum, sumX, sumY) = (sum + light, sumX + light * Double(x), sumY + light * Double(y))
            }
        }
        return (sumX / sum, sumY / sum)
    }

    @Test
    func `a motion is accurate to a twentieth of a pixel, and never jumps`() throws {
        var places: [(x: Double, y: Double)] = []
        for row in 0..<5 {
            for column in 0..<9 {
                // Not on a grid, where all dots would have the same rounding errors.
                let shift = Double((row * 9 + column) * 37 % 45) / 3
                places.append((160 + 118 * Double(column) + shift, 120 + 118 * Double(row) + 15 - shift))
            }
        }
        let image = try dots(places)
        let path = MotionPath(
            from: .whole, to: CropRectangle(x: 0.06, y: 0.03, width: 0.9, height: 0.9), easing: .easeInOut)
        let count = 120
        let recipe = ClipRecipe(image: image, frames: count, format: format, motion: .path(path))
        func expected(_ place: (x: Double, y: Double), _ frame: Int) -> (x: Double, y: Double) {
            let seen = path.rectangle(at: Double(frame) / Double(count - 1))
            // Pixel centres are at half integers.
            return (
                ((place.x + 0.5) / 1280 - seen.x) / seen.width * 640 - 0.5,
                ((place.y + 0.5) / 720 - seen.y) / seen.height * 360 - 0.5
            )
        }
        func error(_ picture: [UInt8], _ frame: Int) -> [(x: Double, y: Double)] {
            places.map { place in
                let ideal = expected(place, frame)
                let found = centroid(picture, near: ideal)
                return (found.x - ideal.x, found.y - ideal.y)
            }
        }
        func mean(_ errors: [(x: Double, y: Double)]) -> (x: Double, y: Double) {
            let count = Double(errors.count)
            return (errors.reduce(0) { $0 + $1.x } / count, errors.reduce(0) { $0 + $1.y } / count)
        }
        // Each dot, before encoding.
        let pictures = try ClipPictures(recipe)
        var drawn: [(x: Double, y: Double)] = []
        for frame in 0..<count {
            let errors = error(try pictures.picture(at: frame).luma, frame)
            #expect(errors.allSatisfy { abs($0.x) < 0.05 && abs($0.y) < 0.05 }, "frame \(frame)")
            drawn.append(mean(errors))
        }
        for index in drawn.indices.dropFirst(2) {
            let (a, b, c) = (drawn[index - 2], drawn[index - 1], drawn[index])
            #expect(abs(a.x - 2 * b.x + c.x) < 0.02 && abs(a.y - 2 * b.y + c.y) < 0.02, "frame \(index)")
        }
        // The mean of all dots, after decoding.
        _ = try Clip.make(recipe, output: bench.path("k.mp4"))
        let decoded = try frames(bench.path("k.mp4"))
        try #require(decoded.count == count)
        for (frame, picture) in decoded.enumerated() {
            let off = mean(error(picture, frame))
            #expect(abs(off.x) < 0.05 && abs(off.y) < 0.05, "frame \(frame)")
        }
    }

    @Test
    func `chroma moves with luma`() throws {
        try bench.make(
            "half.png", "-f", "lavfi", "-i", "color=red:s=640x720,format=rgb24,pad=1280:720:0:0:blue", "-frames:v", "1")
        let path = MotionPath(from: CropRectangle(x: 0.1, y: 0.1, width: 0.8, height: 0.8), to: .whole, easing: .linear)
        _ = try Clip.make(
            ClipRecipe(image: bench.path("half.png"), frames: 30, format: format, motion: .path(path)),
            output: bench.path("k.mp4"))
        for frame in [0, 15, 29] {
            let bytes = try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", "k.mp4", "-vf", "select=eq(n\\,\(frame)),crop=64:2:288:180", "-frames:v", "1",
                    "-f", "rawvideo", "-pix_fmt", "rgb24", "-",
                ])
            // The edge is in the middle: red to its left, blue to its right, mixed colours within three pixels only.
            #expect(bytes[28 * 3] > 200 && bytes[28 * 3 + 2] < 60, "\(frame)")
            #expect(bytes[35 * 3] < 60 && bytes[35 * 3 + 2] > 200, "\(frame)")
        }
    }

    @Test
    func `motions alternate, zoom by 7 to 12 per cent, and are deterministic per segment`() {
        var previous: MotionPath?
        for number in 1...200 {
            let id = "seg_\(number)"
            let path = DefaultMotion.path(
                segmentID: id, position: DefaultMotion.position(of: id), focalPoint: (0.9, 0.2))
            #expect(path.from.unmetRequirement == nil && path.to.unmetRequirement == nil)
            #expect(path.closest >= 1 / 1.12 - 1e-9 && path.closest <= 1 / 1.07 + 1e-9)
            if let previous { #expect((previous.from == .whole) != (path.from == .whole)) }
            #expect(
                path == DefaultMotion.path(segmentID: id, position: number, focalPoint: (0.9, 0.2)))
            previous = path
        }
    }

    @Test
    func `a motion moves towards the detail of the picture`() throws {
        try bench.make(
            "corner.png", "-f", "lavfi", "-i", "color=gray:s=640x360,format=rgb24", "-f", "lavfi", "-i",
            "testsrc2=s=120x100", "-filter_complex", "overlay=20:20", "-frames:v", "1")
        let picture = try Picture.load(bench.path("corner.png"), format: format)
        let point = FocalPoint.point(of: picture)
        #expect(point.x < 0.25 && point.y < 0.3)
        let path = DefaultMotion.path(segmentID: "a", position: 0, focalPoint: point)
        #expect(path.to.x < 0.01 && path.to.y < 0.01)
        let plain = try Picture.load(try bench.flat("plain.png", "gray"), format: format)
        let middle = FocalPoint.point(of: plain)
        #expect(middle.x == 0.5 && middle.y == 0.5)
    }

    @Test(arguments: Easing.allCases)
    func `easing functions start at 0, end at 1, and are monotonic`(_ ease: Easing) {
        var last = 0.0
        for step in 0...1000 {
            let progress = ease.progress(at: Double(step) / 1000)
            #expect(progress >= last - 1e-12)
            #expect(progress - last < 0.0025)
            last = progress
        }
        #expect(ease.progress(at: 0) == 0)
        #expect(abs(last - 1) < 1e-12)
    }

    @Test(arguments: [
        CropRectangle(x: -0.1, y: 0, width: 0.5, height: 0.5), CropRectangle(x: 0.6, y: 0, width: 0.5, height: 0.5),
        CropRectangle(x: 0, y: 0, width: 0.5, height: 0.9), CropRectangle(x: 0, y: 0, width: 0.01, height: 0.01),
        CropRectangle(x: .nan, y: 0, width: 0.5, height: 0.5),
    ])
    func `rectangles outside the picture or of another aspect ratio are rejected`(_ rectangle: CropRectangle) throws {
        let image = try bench.picture("a.png")
        let found = fault {
            _ = try Clip.make(
                ClipRecipe(
                    image: image, frames: 3, format: format, motion: .path(MotionPath(from: .whole, to: rectangle))),
                output: bench.path("x.mp4"))
        }
        #expect(found?.kind == .invalidArgument)
    }

    @Test
    func `moving clips of one format are joined without encoding`() throws {
        let image = try bench.picture("a.png")
        var parts: [FilmPart] = []
        for (index, name) in ["a", "b", "c"].enumerated() {
            let motion: ClipRecipe.Motion = index == 1 ? .still : .automatic(segmentID: name, position: index)
            _ = try Clip.make(
                ClipRecipe(image: image, frames: 45, format: format, motion: motion), output: bench.path("\(name).mp4"))
            parts.append(FilmPart(clip: bench.path("\(name).mp4"), frames: 45, audio: nil, title: name))
        }
        let report = try Film.stitch(parts: parts, output: bench.path("f.mp4"), format: format)
        #expect(report.copiedFrames == 135 && report.encodedFrames == 0)
        #expect(try bench.complaints("f.mp4") == "")
    }
}

@Suite(.timeLimit(.minutes(5))) struct ClipRecipeTests {
    private let bench: Workbench
    private let format: VideoFormat

    init() throws {
        bench = try Workbench()
        format = try small()
    }

    @Test
    func `full coding encodes every frame, with the same picture`() throws {
        let image = try bench.picture("a.png", "testsrc2=s=320x180")
        var recipe = ClipRecipe(image: image, frames: 70, format: format, keyFramesAt: [13])
        _ = try Clip.make(recipe, output: bench.path("short.mp4"))
        recipe.coding = .full
        _ = try Clip.make(recipe, output: bench.path("full.mp4"))
        #expect(try bench.complaints("full.mp4") == "")
        let packets = try bench.run(
            "ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "packet=flags,size", "-of", "csv=p=0",
            "full.mp4"
        ).split(separator: "\n")
        #expect(packets.count == 70)
        #expect(packets.indices.filter { packets[$0].contains("K") } == [0, 13])
        let likeness = try bench.run(
            "ffmpeg", "-i", "full.mp4", "-i", "short.mp4", "-lavfi", "ssim", "-f", "null", "-")
        let ssim = likeness.firstMatch(of: /All:([0-9.]+)/).flatMap { Double($0.1) } ?? 0
        #expect(ssim > 0.98, "\(ssim)")
    }

    @Test
    func `an overlay takes one more coded picture, and is visible for its frames only`() throws {
        let image = try bench.flat("a.png", "gray")
        let white = [UInt8](repeating: 255, count: 40 * 20 * 4)
        let half = (0..<40 * 20).flatMap { _ in [0, 0, 128, 128] as [UInt8] }
        let recipe = ClipRecipe(
            image: image, frames: 90, format: format,
            overlays: [
                Overlay(frames: 10..<40, x: 140, y: 80, width: 40, height: 20, pixels: white),
                Overlay(frames: 40..<71, x: 140, y: 80, width: 40, height: 20, pixels: half),
            ])
        _ = try Clip.make(recipe, output: bench.path("o.mp4"))
        #expect(try bench.complaints("o.mp4") == "")
        let hashes = try bench.frameHashes("o.mp4")
        #expect(Set(hashes).count == 3)
        #expect(Set(hashes[10..<40]).count == 1 && Set(hashes[40..<71]).count == 1)
        #expect(hashes[9] == hashes[0] && hashes[71] == hashes[0] && hashes[89] == hashes[0])
        let luma = try bench.luma("o.mp4")
        #expect(luma[20] > 230 && abs(luma[0] - 126) < 4)
        // Half red over grey.
        #expect(abs(luma[50] - (luma[0] - 16) / 2 - 16 - 24) < 6, "\(luma[50])")

        var moving = recipe
        moving.motion = .automatic(segmentID: "s", position: 0)
        _ = try Clip.make(moving, output: bench.path("m.mp4"))
        let moved = try bench.luma("m.mp4")
        #expect(moved[5] < 140 && moved[20] > 225 && moved[80] < 140)
    }

    @Test
    func `a report has the duration of each stage`() throws {
        let report = try Clip.make(
            ClipRecipe(image: try bench.picture("a.png"), frames: 30, format: format), output: bench.path("s.mp4"))
        #expect(report.stages.picture > 0 && report.stages.coding > 0 && report.stages.writing > 0)
    }
}

extension Frame {
    /// The luma plane, row-major.
    fileprivate var luma: [UInt8] {
        (0..<height).flatMap { row in
            UnsafeBufferPointer(
                start: pointer.pointee.data.0! + row * Int(pointer.pointee.linesize.0), count: width)
        }
    }
}
