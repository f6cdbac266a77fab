// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Testing

@testable import Media

/// Films of copied frames decode even if a clip is not what its header states.
@Suite(.timeLimit(.minutes(5))) struct FilmVerificationTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func stitch(_ clips: [(name: String, frames: Int)]) throws -> FilmReport {
        let report = try Film.stitch(
            parts: clips.map { FilmPart(clip: bench.path($0.name), frames: $0.frames, audio: nil, title: $0.name) },
            output: bench.path("film.mp4"), format: try small())
        #expect(try bench.complaints("film.mp4") == "")
        #expect(try bench.frameHashes("film.mp4").count == clips.reduce(0) { $0 + $1.frames })
        return report
    }

    private func foreign(_ name: String, _ parameters: String = "cabac=1") throws {
        try bench.make(
            name, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=1", "-c:v", "libx264", "-preset", "veryfast", "-bf",
            "0", "-g", "10", "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-x264-params", parameters)
    }

    @Test
    func `a clip with a header of this encoder but other samples is encoded, the rest copied`() throws {
        _ = try bench.clip("still.mp4", frames: 30, of: try bench.flat("gray.png", "gray"))
        try bench.make("a.h264", "-i", "still.mp4", "-c", "copy", "-bsf:v", "h264_mp4toannexb")
        try foreign("b.h264", "cabac=0:ref=3")
        let errors = try bench.runBytes(
            "ffmpeg",
            ["-v", "error", "-y", "-framerate", "30", "-i", "concat:a.h264|b.h264", "-c", "copy", "odd.mp4"])
        #expect(errors.isEmpty)
        let report = try stitch([("still.mp4", 30), ("odd.mp4", 60), ("still.mp4", 30)])
        #expect(report.parts.map(\.copiedFrames) == [30, 0, 30])
        #expect(report.parts[1].reason == "its parameter sets change within the clip")
        #expect(report.encodedFrames == 60 && report.warnings == [])
    }

    @Test
    func `a film with damaged copied samples is encoded again as a whole, with a warning`() throws {
        try foreign("f.mp4")
        #expect(try stitch([("f.mp4", 30), ("f.mp4", 30)]).copiedFrames == 60)
        // Damage the middle of the largest sample, which is a key frame.
        let input = try InputFile(bench.path("f.mp4"), examines: false)
        let packet = try Packet()
        var largest = (place: 0, size: 0)
        while try input.read(packet) {
            let size = Int(packet.pointer.pointee.size)
            if size > largest.size { largest = (Int(packet.pointer.pointee.pos), size) }
        }
        var bytes = try bench.bytes("f.mp4")
        for offset in 0..<64 {
            bytes[largest.place + largest.size / 2 + offset] = UInt8(truncatingIfNeeded: offset &* 37)
        }
        try bench.write("f.mp4", bytes)
        let report = try stitch([("f.mp4", 30), ("f.mp4", 30)])
        #expect(report.copiedFrames == 0 && report.encodedFrames == 60)
        #expect(report.warnings.count == 1 && report.warnings[0].contains("encoded again"), "\(report.warnings)")
    }

    @Test
    func `progress never decreases when a film is stitched again`() throws {
        try foreign("f.mp4")
        var fractions: [Double] = []
        let recipe = FilmRecipe(
            parts: [FilmPart(clip: bench.path("f.mp4"), frames: 30, audio: nil, title: "f")], format: try small())
        _ = try Film.stitch(recipe, output: bench.path("film.mp4"), progress: { fractions.append($0) })
        #expect(
            fractions == fractions.sorted() && fractions.allSatisfy { (0...1).contains($0) } && fractions.count > 1)
    }
}
