// SPDX-License-Identifier: Apache-2.0

import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct MovieConversionTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func film(_ name: String, _ codecs: String..., source: String? = nil) throws -> String {
        let generated = [
            "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-f", "lavfi", "-i", "sine=f=500:d=2",
        ]
        _ = try bench.runBytes(
            "ffmpeg", ["-v", "error", "-y"] + (source.map { ["-i", $0] } ?? generated) + codecs + [name])
        return bench.path(name)
    }

    private func expectGood(_ output: String, frames: Int, codec: String = "h264") throws {
        #expect(try bench.complaints(output) == "")
        let video = try bench.entries(output)
        #expect(video["codec_name"] == codec && video["nb_frames"] == "\(frames)", "\(video)")
        #expect(try bench.entries(output, stream: "a:0")["codec_name"] == "aac")
        #expect(try bench.moovIsFirst(output))
        #expect(try MP4Compatibility.obstacle(output) == nil)
    }

    @Test
    func `streams that an MP4 can hold are copied from any container`() throws {
        for (name, codecs) in [
            ("f.mkv", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]),
            ("f.mov", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]),
            ("f.ts", ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac"]),
            (
                "fragments.mp4",
                ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "aac", "-g", "15", "-movflags", "frag_keyframe"]
            ),
        ] {
            _ = try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-f", "lavfi", "-i",
                    "sine=f=500:d=2",
                ] + codecs + [name])
            let output = bench.path("\(name).out.mp4")
            let report = try MovieConversion.run(ConversionRecipe(input: bench.path(name)), output: output)
            #expect(report.encodedPictures == nil && report.encodedSound == nil && abs(report.duration - 2) < 0.001)
            #expect(try MP4Compatibility.obstacle(bench.path(name)) != nil, "\(name)")
            try expectGood(output, frames: 60)
            #expect(try bench.frameHashes(output) == bench.frameHashes(bench.path(name)), "\(name)")
        }
    }

    @Test
    func `only sound that cannot be copied is encoded, and HEVC gets the tag hvc1`() throws {
        let opus = try film("o.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p", "-c:a", "libopus")
        let output = bench.path("o.mp4")
        let report = try MovieConversion.run(ConversionRecipe(input: opus), output: output)
        #expect(report.encodedPictures == nil && report.encodedSound == "its sound is coded as opus")
        try expectGood(output, frames: 60)
        let hevc = try film(
            "h.mkv", "-c:v", "libx265", "-x265-params", "log-level=none", "-pix_fmt", "yuv420p", "-c:a", "aac")
        let named = try film("named.mp4", "-c:v", "copy", "-tag:v", "hev1", source: hevc)
        #expect(try MP4Compatibility.obstacle(named) == "its HEVC track is tagged hev1 instead of hvc1")
        _ = try MovieConversion.run(ConversionRecipe(input: named), output: bench.path("h.mp4"))
        try expectGood(bench.path("h.mp4"), frames: 60, codec: "hevc")
        #expect(try bench.entries(bench.path("h.mp4"))["codec_tag_string"] == "hvc1")
    }

    @Test
    func `formats that players do not accept are encoded at their own size and rate`() throws {
        for (name, codecs) in [
            ("v.webm", ["-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-c:a", "libopus"]),
            ("y.mp4", ["-c:v", "libx264", "-pix_fmt", "yuv444p", "-c:a", "aac"]),
        ] {
            _ = try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=322x180:r=25:d=2", "-f", "lavfi", "-i",
                    "sine=f=500:d=2",
                ] + codecs + [name])
            let output = bench.path("\(name).out.mp4")
            let report = try MovieConversion.run(ConversionRecipe(input: bench.path(name)), output: output)
            #expect(report.encodedPictures != nil)
            try expectGood(output, frames: 50)
            #expect(try bench.entries(output)["width"] == "322" && bench.entries(output)["r_frame_rate"] == "25/1")
            #expect(try bench.sound(output).count { abs($0) > 0.02 } > 60_000)
        }
    }

    @Test(arguments: ["n.ts", "n.mkv", "n.mp4"])
    func `non-square pixels are converted to the picture's aspect ratio`(_ name: String) throws {
        let codec = name.hasSuffix("mp4") ? "mpeg4" : "mpeg2video"
        try bench.run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=160x180:r=25:d=0.4,setsar=2", "-c:v", codec,
            name)
        let output = bench.path("\(name).out.mp4")
        _ = try MovieConversion.run(ConversionRecipe(input: bench.path(name)), output: output)
        #expect(try bench.entries(output)["width"] == "320" && bench.entries(output)["height"] == "180")
    }

    @Test(arguments: ["mpeg4", "libx264"])
    func `AVI files, which have no presentation timestamps, are converted frame by frame`(_ codec: String) throws {
        let film = try film(
            "f.avi", "-c:v", codec, "-bf", "2", "-pix_fmt", "yuv420p", "-q:v", "2", "-c:a", "libmp3lame")
        let output = bench.path("f.mp4")
        _ = try MovieConversion.run(ConversionRecipe(input: film), output: output)
        try expectGood(output, frames: 60)
        #expect(try abs(#require(Double(bench.entries(output)["duration"] ?? "")) - 2) < 0.001)
    }

    @Test(arguments: [
        ["-c:v", "mpeg4", "-q:v", "3", "-c:a", "libmp3lame"],
        ["-c:v", "libx264", "-pix_fmt", "yuv420p", "-bf", "0", "-c:a", "libmp3lame"],
        ["-c:v", "mjpeg", "-q:v", "5", "-c:a", "libmp3lame"],
        ["-c:v", "mpeg4", "-vf", "select='mod(n,10)-5'", "-vsync", "vfr", "-c:a", "pcm_s16le"],
    ])
    func `an AVI with empty chunks is complete, keeps its length, and is found truncated when it is`(_ codecs: [String])
        throws
    {
        _ = try bench.runBytes(
            "ffmpeg",
            [
                "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-f", "lavfi", "-i",
                "sine=f=500:d=2",
            ] + codecs + ["f.avi"])
        let listed = try bench.entries("f.avi")
        let declared = try #require(Int(listed["nb_frames"] ?? ""))
        let report = try MediaProbe.probe(bench.path("f.avi"), decode: true)
        #expect(report.problems == [] && report.decodedOK == true && report.frames < declared)
        #expect(abs((report.streams[0].span?.presented ?? 0) - Double(declared) / 30) < 0.001)
        let made = try MovieConversion.run(
            ConversionRecipe(input: bench.path("f.avi")), output: bench.path("f.mp4"))
        #expect(abs(made.duration - Double(declared) / 30) < 0.001)
        try expectGood(bench.path("f.mp4"), frames: declared)
        let bytes = try bench.bytes("f.avi")
        for share in [4, 7, 9] {
            try bench.write("cut.avi", bytes.prefix(bytes.count * share / 10))
            #expect(try MediaProbe.probe(bench.path("cut.avi"), decode: true).decodedOK == false, "\(share)")
        }
    }

    @Test
    func `empty chunks at the end of an AVI repeat its last frame`() throws {
        let film = try film("f.avi", "-c:v", "mpeg4", "-q:v", "3", "-c:a", "pcm_s16le")
        var bytes = try bench.bytes("f.avi")
        let index = try #require(bytes.indices.dropLast(4).last { bytes[$0..<$0 + 4].elementsEqual("idx1".utf8) })
        let entries = stride(from: index + 8, to: bytes.count - 15, by: 16).filter {
            bytes[$0..<$0 + 4].elementsEqual("00dc".utf8)
        }
        func number(at place: Int) -> Int { (0..<4).reversed().reduce(0) { $0 << 8 | Int(bytes[place + $1]) } }
        func set(_ number: Int, at place: Int) {
            for byte in 0..<4 { bytes[place + byte] = UInt8(number >> (8 * byte) & 0xFF) }
        }
        let data = try #require(bytes.indices.dropLast(4).first { bytes[$0..<$0 + 4].elementsEqual("movi".utf8) })
        for entry in entries.suffix(12) {
            // The bytes of the chunk move to a JUNK chunk, which readers ignore.
            let chunk = data + number(at: entry + 8)
            let size = number(at: chunk + 4)
            set(0, at: chunk + 4)
            bytes.replaceSubrange(chunk + 8..<chunk + 12, with: "JUNK".utf8)
            set(size - 8, at: chunk + 12)
            set(0, at: entry + 12)
        }
        try bench.write("f.avi", bytes)
        let report = try MediaProbe.probe(film, decode: true)
        #expect(report.decodedOK == true && report.frames == entries.count - 12, "\(report.problems)")
        #expect(abs((report.streams[0].span?.presented ?? 0) - Double(entries.count) / 30) < 0.001)
        _ = try MovieConversion.run(ConversionRecipe(input: film), output: bench.path("f.mp4"))
        try expectGood(bench.path("f.mp4"), frames: entries.count)
    }

    @Test(arguments: [("f.mkv", "libopus"), ("f.mkv", "flac"), ("f.mov", "pcm_s16le")], [-1, -0.04, 1])
    func `encoded sound stays in sync with copied video, whichever begins first`(
        _ kind: (String, String), _ offset: Double
    ) throws {
        try bench.make(
            "v.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=2", "-c:v", "libx264", "-pix_fmt", "yuv420p")
        try bench.make(
            "b.wav", "-f", "lavfi", "-i", "aevalsrc='0.5*sin(5000*t)*between(t,0.5,0.6)':s=48000:d=2")
        let (pictures, sound) = (max(-offset, 0), max(offset, 0))
        try bench.make(
            kind.0, "-itsoffset", "\(pictures)", "-i", "v.mp4", "-itsoffset", "\(sound)", "-i", "b.wav", "-map", "0",
            "-map", "1", "-c:v", "copy", "-c:a", kind.1)
        let made = try MovieConversion.run(
            ConversionRecipe(input: bench.path(kind.0)), output: bench.path("out.mp4"))
        #expect(made.encodedPictures == nil && made.encodedSound != nil)
        let first = try #require(Double(bench.entries("out.mp4")["start_time"] ?? ""))
        let onset = try #require(try bench.sound("out.mp4").onset(from: 0))
        #expect(abs(Double(onset) / 48_000 - first - 0.5 - offset) < 0.02, "\(onset) \(first)")
        #expect(try bench.complaints("out.mp4") == "" && bench.entries("out.mp4")["nb_frames"] == "60")
    }

    @Test
    func `a cut has the frames and the sound of its time`() throws {
        try bench.run(
            "ffmpeg", "-v", "error", "-y", "-f", "lavfi", "-i", "color=red:s=320x180:r=30:d=1", "-f", "lavfi", "-i",
            "color=blue:s=320x180:r=30:d=1", "-f", "lavfi", "-i", "aevalsrc='0.5*gte(t,1.5)*sin(3000*t)':d=2:s=48000",
            "-filter_complex", "[0][1]concat=n=2[v]", "-map", "[v]", "-map", "2", "-c:v", "libx264", "-pix_fmt",
            "yuv420p", "-c:a", "aac", "f.mp4")
        var recipe = ConversionRecipe(input: bench.path("f.mp4"))
        (recipe.start, recipe.duration) = (1, 1)
        (recipe.width, recipe.height, recipe.rate) = (640, 360, FrameRate(25))
        let output = bench.path("cut.mp4")
        #expect(try MovieConversion.run(recipe, output: output).duration == 1)
        try expectGood(output, frames: 25)
        let hashes = try bench.frameHashes(output)
        #expect(hashes.count == 25)
        // Blue is darker than red, from the first frame to the last.
        #expect(try bench.grey(output, frame: 0)[100] < 60 && bench.grey(output, frame: 24)[100] < 60)
        let onset = try #require(try bench.sound(output).firstIndex { abs($0) > 0.05 })
        #expect(abs(onset - 24_000) < 480, "\(onset)")
        recipe.start = 9
        let late = recipe
        #expect(fault { _ = try MovieConversion.run(late, output: output) }?.kind == .invalidArgument)
    }
}
