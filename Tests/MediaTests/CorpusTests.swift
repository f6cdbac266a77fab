// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

/// Media files of all kinds: valid ones look and sound right, invalid ones are rejected with an error that names them.
@Suite(.timeLimit(.minutes(2))) struct CorpusTests {
    @Suite struct Pictures {
        private let bench: Workbench

        init() throws { bench = try Workbench() }

        /// Makes a clip of an image.
        ///
        /// - Returns: the clip's last frame; all are equal.
        private func show(_ name: String) throws -> DecodedFrame {
            let report = try StillClip.make(
                image: try Corpus.file(name), frames: 4, output: bench.path("c.mp4"), format: try small())
            #expect(report.frames == 4)
            let (frame, hashes) = try bench.decodedFrame(andHashesOf: "c.mp4", at: 3)
            #expect(hashes.count == 4 && Set(hashes).count == 1, "\(name): \(hashes)")
            return frame
        }

        private func refusal(_ name: String) throws -> (kind: MediaError.Kind, message: String)? {
            let image = try Corpus.file(name)
            let format = try small()
            let found = fault {
                _ = try StillClip.make(image: image, frames: 4, output: bench.path("bad.mp4"), format: format)
            }
            #expect(!FileManager.default.fileExists(atPath: bench.path("bad.mp4")), "\(name) left a clip")
            return found
        }

        @Test(arguments: [
            "whole.png", "deep.png", "palette.png", "opaque.png", "text.png", "whole.jpg", "progressive.jpg",
            "thumbnail.jpg", "lossy.webp", "lossless.webp", "still.gif", "comment.gif", "really-png.jpg",
            "really-jpg.png",
        ])
        func `every image format has the right colours in the right places`(_ name: String) throws {
            let found = try show(name).quadrants
            #expect(found.isNear(DecodedFrame.quadrants), "\(found)")
        }

        @Test(arguments: 1...8)
        func `the EXIF orientation is applied`(_ number: Int) throws {
            let found = try show("exif\(number).jpg").quadrants
            #expect(found.isNear(DecodedFrame.quadrants), "\(found)")
        }

        @Test(arguments: ["moving.gif", "moving.webp", "moving-lossless.webp", "moving-alpha.webp"])
        func `an animation is shown as its first frame`(_ name: String) throws {
            let found = try show(name).quadrants
            #expect(found.isNear(DecodedFrame.quadrants), "\(found)")
        }

        @Test(arguments: ["moving-corner.gif", "moving-corner.webp"])
        func `an animation's first frame keeps its position on the canvas`(_ name: String) throws {
            let found = try show(name).quadrants
            let black = DecodedFrame.black
            #expect(found.isNear([black, black, black, DecodedFrame.red]), "\(found)")
        }

        @Test
        func `a CMYK image keeps its colours`() throws {
            let found = try show("cmyk.jpg").quadrants
            #expect(found.isNear(DecodedFrame.quadrants, within: 20), "\(found)")
        }

        @Test
        func `grey images keep their levels`() throws {
            for (name, wanted) in [
                ("gray.jpg", [81, 118, 49, 240]), ("gray.png", [81, 118, 49, 240]),
                ("deep-gray.png", [40, 90, 160, 220]),
            ] {
                let found = try show(name).quadrants
                #expect(found.isNear(wanted.map { [$0, $0, $0] }, within: 5), "\(name): \(found)")
            }
        }

        @Test
        func `transparency is composited over black`() throws {
            let (red, green, blue, white) = (
                DecodedFrame.red, DecodedFrame.green, DecodedFrame.black, DecodedFrame.white
            )
            let palette = try show("palette-clear.png").quadrants
            #expect(palette.isNear([red, green, blue, white]), "\(palette)")
            for name in ["alpha.png", "alpha.webp"] {
                let found = try show(name).quadrants
                #expect(found.isNear([red, green.map { $0 / 2 }, blue, white]), "\(name): \(found)")
            }
        }

        @Test
        func `an image of one pixel fills the frame`() throws {
            let found = try show("one.png")
            for place in [0.001, 0.5, 0.999] { #expect(found.color(place, place).isNear(DecodedFrame.green)) }
        }

        @Test(arguments: ["tail.png", "tail.jpg", "long-tail.jpg", "tail.webp", "tail.gif"])
        func `bytes after the end of an image are ignored`(_ name: String) throws {
            let found = try show(name).quadrants
            #expect(found.isNear(DecodedFrame.quadrants), "\(found)")
        }

        @Test(arguments: [
            ("drawing.svg", MediaError.Kind.unsupported), ("drawing.png", .unsupported), ("list.png", .unsupported),
            ("script.png", .unsupported), ("words.mp3", .unsupported), ("plain.mp4", .unsupported),
            ("plain.wav", .unsupported), ("bomb.png", .tooLarge), ("deep-large.png", .tooLarge),
            ("large-progressive.jpg", .tooLarge),
            ("cut-thumbnail.jpg", .corruptMedia),
        ])
        func `other files and too large images are rejected, and the error names them`(
            _ name: String, _ kind: MediaError.Kind
        ) throws {
            let found = try refusal(name)
            #expect(found?.kind == kind, "\(String(describing: found))")
            #expect(found?.message.contains(name) == true)
        }

        @Test(arguments: [
            "whole.png", "whole.jpg", "progressive.jpg", "thumbnail.jpg", "lossy.webp", "lossless.webp",
            "moving.webp", "still.gif", "moving.gif",
        ])
        func `an image truncated at any tenth is rejected, and the error names it`(_ name: String) throws {
            for tenth in 0..<10 {
                let found = try refusal("cut\(tenth)-\(name)")
                #expect(found?.kind == .corruptMedia, "\(tenth)/10: \(String(describing: found))")
                #expect(found?.message.contains("cut\(tenth)-\(name)") == true, "\(tenth)/10")
            }
        }

        @Test(arguments: ["large.png", "pressed.png", "large-alpha.png", "large.jpg"])
        func `64 million pixels are decoded within 350 MB`(_ name: String) async throws {
            try await Self.makeWithinBounds(try Corpus.file(name), output: bench.path("c.mp4"))
            let found = try bench.decodedFrame("c.mp4")
            let field = name == "pressed.png" ? DecodedFrame.black : DecodedFrame.green
            #expect(found.quadrants.isNear([field, field, field, field]), "\(found.quadrants)")
            #expect(found.color(0.5, 0.5).isNear(name == "pressed.png" ? [255, 255, 255] : DecodedFrame.white))
            #expect(try bench.entries("c.mp4")["nb_frames"] == "2")
        }

        @Test
        func `400 MB of compressed text in a small image are not decompressed`() async throws {
            try await Self.makeWithinBounds(try Corpus.file("text-bomb.png"), output: bench.path("c.mp4"))
            let found = try bench.decodedFrame("c.mp4").quadrants
            #expect(found.isNear(DecodedFrame.quadrants), "\(found)")
        }

        /// Makes a clip in a process of its own, whose peak memory is that of this image alone.
        private static func makeWithinBounds(_ image: String, output: String) async throws {
            let result = await #expect(
                processExitsWith: .success, observing: [\.standardErrorContent]
            ) { [image, output] in
                _ = try StillClip.make(image: image, frames: 2, output: output, format: try VideoFormat())
                FileHandle.standardError.write(Data("\npeak \(try peakMegabytes()) MB\n".utf8))
            }
            let errors = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
            let peak = try #require(errors.firstMatch(of: /peak (\d+) MB/).flatMap { Int($0.1) }, "\(errors)")
            #expect(peak < 350, "\(fileName(image)) took \(peak) MB")
        }
    }

    @Suite struct Sounds {
        private let bench: Workbench

        init() throws { bench = try Workbench() }

        /// Replaces the sound of a clip of two seconds; the result is `n.mp4`.
        private func narrate(_ name: String) throws -> AudioReplacementReport {
            let clip = try bench.clip("v.mp4", frames: 60, of: try bench.flat("v.png", "gray"))
            return try AudioReplacement.run(clip: clip, audio: try Corpus.file(name), output: bench.path("n.mp4"))
        }

        @Test(arguments: [
            "plain.wav", "phone.wav", "wide.wav", "surround.wav", "surround.flac", "studio.flac", "tone.mp3",
            "cover.mp3", "tone.opus", "tone.aac", "tone.m4a", "long.wav", "endless.wav",
        ])
        func `sound of every format starts and ends at the right time`(_ name: String) throws {
            let report = try narrate(name)
            // Raw AAC does not signal its priming and padding; MP3 pads its end.
            let isExact = name.hasSuffix("wav") || name.hasSuffix("flac")
            #expect(abs(report.audioDuration - 1) < (isExact ? 0.002 : 0.06), "\(report)")
            #expect(abs(report.padded - (2 - report.audioDuration)) < 0.002)
            let sound = try bench.sound("n.mp4")
            #expect(abs(sound.count - 96_000) <= 1200)
            let late = try #require(sound.onset(from: 0)) - 14_400
            #expect(name == "tone.aac" ? (0...2304).contains(late) : abs(late) <= 240, "\(late) samples late")
            #expect(sound.isSilent(0..<13_000) && sound.isSilent(53_000..<95_000))
            #expect(try bench.complaints("n.mp4") == "")
            #expect(try bench.entries("n.mp4")["nb_frames"] == "60")
        }

        @Test
        func `a header that states less than the file has is respected`() throws {
            #expect(abs(try narrate("short.wav").audioDuration - 0.6) < 0.002)
            #expect(try bench.sound("n.mp4").isSilent(29_500..<95_000))
        }

        @Test
        func `sound that ends in the middle of a frame is used up to there`() throws {
            let report = try narrate("cut.mp3")
            #expect(report.audioDuration > 0.5 && report.audioDuration < 0.7, "\(report)")
            #expect(abs(try #require(try bench.sound("n.mp4").onset(from: 0)) - 14_400) <= 240)
            #expect(try bench.complaints("n.mp4") == "")
        }

        @Test(arguments: ["none.wav", "words.mp3", "list.mp3", "script.mp3", "whole.png", "plain.mp4", "empty.mp4"])
        func `a file without sound is rejected by name, and no clip is written`(_ name: String) throws {
            let found = fault { _ = try narrate(name) }
            #expect(found?.kind == .corruptMedia, "\(String(describing: found))")
            #expect(found?.message.contains(name) == true)
            #expect(!FileManager.default.fileExists(atPath: bench.path("n.mp4")))
        }
    }

    @Suite struct Clips {
        private let bench: Workbench

        init() throws { bench = try Workbench() }

        /// Makes `film.mp4` of one second of a clip between two grey stills: the clip is frames 10 to 39.
        private func join(_ name: String) throws -> FilmReport {
            let still = try bench.clip("still.mp4", frames: 10, of: try bench.flat("gray.png", "gray"))
            let beside = FilmPart(clip: still, frames: 10, audio: nil, title: "still")
            let clip = FilmPart(clip: try Corpus.file(name), frames: 30, audio: nil, title: name)
            return try Film.stitch(
                parts: [beside, clip, beside], output: bench.path("film.mp4"), format: try small())
        }

        /// Makes a film with the clip and checks it.
        ///
        /// - Returns: a frame of the clip in the film.
        private func show(_ name: String, warnings: Int = 0) throws -> DecodedFrame {
            let report = try join(name)
            #expect(report.frames == 50 && report.warnings.count == warnings, "\(report)")
            #expect(try bench.frameHashes("film.mp4").count == 50)
            #expect(try bench.complaints("film.mp4") == "")
            let tags = try bench.entries("film.mp4")
            #expect(tags["color_space"] == "bt709" && tags["color_transfer"] == "bt709" && tags["color_range"] == "tv")
            #expect(tags["pix_fmt"] == "yuv420p" && tags["width"] == "320" && tags["height"] == "180")
            for frame in [9, 40] {
                let neighbour = try bench.decodedFrame("film.mp4", at: frame).color(0.5, 0.5)
                #expect(neighbour.isNear([128, 128, 128]), "frame \(frame): \(neighbour)")
            }
            return try bench.decodedFrame("film.mp4", at: 25)
        }

        @Test(arguments: ["plain.mp4", "mono.mp4", "vp9.mkv", "full.mp4", "bt601.mp4"])
        func `clips of every codec, matrix and range keep their colours`(_ name: String) throws {
            let seen = try bench.decodedFrame(try Corpus.file(name)).quadrants
            #expect(seen.isNear(DecodedFrame.quadrants, within: 8), "ffmpeg sees \(seen)")
            let found = try show(name).quadrants
            #expect(found.isNear(seen, within: 8), "\(found), where ffmpeg sees \(seen)")
        }

        @Test
        func `an HDR clip keeps its hues, with a warning`() throws {
            let found = try show("hdr.mp4", warnings: 1).quadrants
            #expect(found.isNear(DecodedFrame.quadrants, within: 40), "\(found)")
            let warnings = try join("hdr.mp4").warnings
            #expect(warnings.first?.contains("HDR") == true, "\(warnings)")
            #expect(warnings.first?.contains("hdr.mp4") == true, "\(warnings)")
        }

        @Test
        func `a rotated clip is upright, with black at its sides`() throws {
            let seen = try bench.decodedFrame(try Corpus.file("rotated.mp4")).quadrants
            #expect(seen.isNear(DecodedFrame.quadrants, within: 8), "ffmpeg sees \(seen)")
            let film = try show("rotated.mp4")
            // 180x320 within 320x180 leaves 101 pixels across.
            let places = [(0.42, 0.25), (0.58, 0.25), (0.42, 0.75), (0.58, 0.75)]
            let found = places.map { film.color($0.0, $0.1) }
            #expect(found.isNear(DecodedFrame.quadrants), "\(found)")
            for x in [0.02, 0.32, 0.68, 0.98] { #expect(film.color(x, 0.5).isNear(DecodedFrame.black), "at \(x)") }
        }

        @Test
        func `non-square pixels are shown in their aspect ratio, with black above and below`() throws {
            let film = try show("anamorphic.mp4")
            // 64:27 within 16:9 leaves 135 of 180 lines.
            #expect(film.quadrants.isNear(DecodedFrame.quadrants), "\(film.quadrants)")
            let column = [0.1, 0.15, 0.85, 0.9].map { film.color(0.25, $0) }
            let (black, red, blue) = (DecodedFrame.black, DecodedFrame.red, DecodedFrame.blue)
            #expect(column.isNear([black, red, blue, black]), "\(column)")
        }

        @Test
        func `B-frames are shown in presentation order`() throws {
            _ = try show("bframes.mp4")
            let luma = try bench.luma("film.mp4")[10..<40]
            for (index, value) in luma.enumerated() {
                #expect(abs(value - (20 + 7 * index)) <= 4, "frame \(index): \(value)")
            }
        }

        @Test
        func `frames of a variable rate are shown at their times`() throws {
            _ = try show("variable.mp4")
            for (frame, wanted) in [
                (0, DecodedFrame.red), (5, DecodedFrame.red), (6, DecodedFrame.green), (20, DecodedFrame.green),
                (21, DecodedFrame.blue), (29, DecodedFrame.blue),
            ] {
                let found = try bench.decodedFrame("film.mp4", at: 10 + frame).color(0.5, 0.5)
                #expect(found.isNear(wanted), "frame \(frame): \(found)")
            }
        }

        @Test
        func `a clip's own mono sound of 44.1 kHz is heard at its time`() throws {
            _ = try join("mono.mp4")
            let sound = try bench.sound("film.mp4")
            // Ten frames of the still, then 0.3 s of silence.
            let wanted = 16_000 + 14_400
            #expect(abs(try #require(sound.onset(from: 0)) - wanted) <= 240)
            #expect(sound.isSilent(0..<wanted - 1400) && sound.isSilent(66_000..<79_000))
        }

        @Test(arguments: [
            ("plain.mp4", "h264", 30), ("vp9.mkv", "vp9", 30), ("rotated.mp4", "h264", 30), ("hdr.mp4", "hevc", 30),
            ("bframes.mp4", "h264", 30), ("variable.mp4", "h264", 15), ("bt601.mp4", "h264", 30),
            ("mono.mp4", "h264", 30), ("full.mp4", "h264", 30), ("anamorphic.mp4", "h264", 30),
        ])
        func `valid clips are reported correctly, and decode`(_ name: String, _ codec: String, _ frames: Int) throws {
            let report = try MediaProbe.probe(try Corpus.file(name), decode: true)
            #expect(report.decodedOK == true && report.problems == [], "\(report.problems)")
            #expect(report.frames == frames)
            #expect(try bench.frameHashes(try Corpus.file(name)).count == frames)
            #expect(report.streams.first?.codec == codec)
            #expect(abs(report.duration - 1) < 0.05)
        }

        @Test(arguments: [
            "sound-only.mp4", "empty.mp4", "zero.mp4", "no-moov.mp4", "list.mp4", "script.mp4", "words.mp3",
            "plain.wav", "cover.mp3",
        ])
        func `a file without video is rejected by name, as a part and for narration`(_ name: String) throws {
            let film = fault { _ = try join(name) }
            #expect(film?.kind == .corruptMedia, "film: \(String(describing: film))")
            #expect(film?.message.contains(name) == true)
            let (clip, tone) = (try Corpus.file(name), try Corpus.file("plain.wav"))
            let narrated = fault {
                _ = try AudioReplacement.run(clip: clip, audio: tone, output: bench.path("n.mp4"))
            }
            #expect(narrated?.kind == .corruptMedia, "narration: \(String(describing: narrated))")
            #expect(narrated?.message.contains(name) == true)
            #expect((try? MediaProbe.probe(clip, decode: true))?.frames ?? 0 == 0)
        }

        @Test(arguments: ["cut-alike.mp4", "cut-unlike.mp4"])
        func `a clip with truncated data is rejected, and the error names it`(_ name: String) throws {
            let report = try MediaProbe.probe(try Corpus.file(name), decode: true)
            #expect(report.decodedOK == false && !report.problems.isEmpty)
            #expect(report.frames > 0 && report.frames < 30)
            let film = fault { _ = try join(name) }
            #expect(film?.kind == .corruptMedia, "film: \(String(describing: film))")
            #expect(film?.message.contains(name) == true)
            let (clip, tone) = (try Corpus.file(name), try Corpus.file("plain.wav"))
            let narrated = fault {
                _ = try AudioReplacement.run(clip: clip, audio: tone, output: bench.path("n.mp4"))
            }
            #expect(narrated?.kind == .corruptMedia, "narration: \(String(describing: narrated))")
            #expect(narrated?.message.contains(name) == true)
        }
    }
}

/// The peak memory of this process in megabytes.
private func peakMegabytes() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    let kilobytes = line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    guard let kilobytes else { throw MediaError(.internal, "no VmHWM in /proc/self/status") }
    return kilobytes / 1024
}
