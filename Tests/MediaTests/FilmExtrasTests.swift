// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct FilmExtrasTests {
    private let bench: Workbench
    private let format: VideoFormat

    init() throws {
        bench = try Workbench()
        format = try small()
    }

    private func recipe(frames: Int = 90, keys: [Int] = [], audio: String? = nil) throws -> FilmRecipe {
        let clip = try bench.clip("w.mp4", frames: frames, of: try bench.flat("w.png", "white"), keyFramesAt: keys)
        return FilmRecipe(parts: [FilmPart(clip: clip, frames: frames, audio: audio, title: "w")], format: format)
    }

    @Test
    func `a film fades from and to black, and only those frames are encoded`() throws {
        var recipe = try recipe(keys: [15])
        recipe.openingFrames = 15
        recipe.closingFrames = 20
        let report = try Film.stitch(recipe, output: bench.path("f.mp4"))
        #expect(report.frames == 90 && report.encodedFrames == 35 && report.copiedFrames == 55)
        let luma = try bench.luma("f.mp4")
        #expect(luma[0] < 30 && luma[89] < 30)
        #expect(luma[15..<70].allSatisfy { $0 > 225 })
        #expect(zip(luma[0..<15], luma[1..<16]).allSatisfy { $0 < $1 })
        #expect(zip(luma[70..<89], luma[71..<90]).allSatisfy { $0 > $1 })
        #expect(try bench.complaints("f.mp4") == "")
    }

    @Test
    func `fades longer than the film meet in its middle`() throws {
        var recipe = try recipe(frames: 21)
        recipe.openingFrames = 300
        recipe.closingFrames = 300
        let report = try Film.stitch(recipe, output: bench.path("f.mp4"))
        #expect(report.frames == 21)
        let luma = try bench.luma("f.mp4")
        #expect(luma[10] > 200 && luma[0] < 40 && luma[20] < 40)
    }

    @Test(arguments: [-23.0, -16, -14])
    func `a film is normalised to a loudness with a true peak below -1 dBTP`(_ wanted: Double) throws {
        // Quiet tones with loud clicks: amplification must not clip.
        try bench.make(
            "n.wav", "-f", "lavfi", "-i",
            "aevalsrc='0.05*sin(2*PI*300*t)+0.04*sin(2*PI*1100*t)+if(lt(mod(t,0.5),0.0005),0.8,0)':d=3:s=48000")
        var recipe = try recipe(audio: bench.path("n.wav"))
        recipe.loudness = wanted
        let report = try Film.stitch(recipe, output: bench.path("f.mp4"))
        let output = try bench.run(
            "ffmpeg", "-hide_banner", "-i", "f.mp4", "-af", "ebur128=peak=true", "-f", "null", "-")
        let summary = output.components(separatedBy: "Summary:").last ?? ""
        let found = summary.firstMatch(of: /I:\s+(-?[0-9.]+) LUFS/).flatMap { Double($0.1) } ?? 0
        let peak = summary.firstMatch(of: /Peak:\s+(-?[0-9.]+) dBFS/).flatMap { Double($0.1) } ?? 99
        #expect(abs(found - wanted) < 1, "\(found)")
        #expect(peak <= -1, "\(peak)")
        #expect(abs((report.loudness?.integrated ?? 0) - found) < 0.3)
        #expect(report.warnings == [])
    }

    @Test
    func `silence is not normalised, with a warning`() throws {
        var recipe = try recipe()
        recipe.loudness = -16
        let report = try Film.stitch(recipe, output: bench.path("f.mp4"))
        #expect(report.warnings.count == 1)
        #expect(try bench.sound("f.mp4").allSatisfy { abs($0) < 0.001 })
    }

    @Test
    func `music plays under the whole film, and is ducked during speech`() throws {
        let narration = try bench.burst("n.wav", after: 3, seconds: 4)
        try bench.make("m.wav", "-f", "lavfi", "-i", "sine=f=200:d=1.7:r=44100", "-af", "volume=6")
        var recipe = try recipe(frames: 240, audio: narration)
        recipe.music = FilmRecipe.Music(path: bench.path("m.wav"), level: -10)
        let report = try Film.stitch(recipe, output: bench.path("f.mp4"))
        #expect(report.warnings == [])
        let sound = try bench.sound("f.mp4")
        #expect(abs(Double(sound.count) / 48_000 - 8) < 0.05)
        func level(_ seconds: Double) -> Float {
            let start = Int(seconds * 48_000)
            return (sound[start..<start + 4800].reduce(0) { $0 + $1 * $1 } / 4800).squareRoot()
        }
        #expect(level(1.5) > 0.03 && level(2.5) > 0.03)
        #expect(level(7.85) < level(1.5) / 3)
        // The level of the music at 200 Hz, separated from the narration's tone by a low-pass filter.
        try bench.make(
            "low.wav", "-i", "f.mp4", "-af", "lowpass=f=320:poles=2,lowpass=f=320:poles=2", "-ac", "1", "-ar", "48000")
        let low = try bench.sound("low.wav")
        func bass(_ seconds: Double) -> Float {
            let start = Int(seconds * 48_000)
            return (low[start..<start + 4800].reduce(0) { $0 + $1 * $1 } / 4800).squareRoot()
        }
        #expect(bass(3.7) < bass(1.5) * 0.5, "\(bass(3.7)) \(bass(1.5))")
    }

    @Test
    func `unreadable music is omitted with a warning`() throws {
        var recipe = try recipe()
        recipe.music = FilmRecipe.Music(path: try bench.write("m.mp3", "no music".utf8))
        let report = try Film.stitch(recipe, output: bench.path("f.mp4"))
        #expect(report.warnings.count == 1 && report.warnings[0].contains("m.mp3"))
    }

    @Test
    func `soft captions are a text track with gaps between cues`() throws {
        var recipe = try recipe()
        recipe.captions = [
            CaptionCue(start: 0.5, end: 1.25, lines: ["Dämmerung", "über dem Hafen"]),
            CaptionCue(start: 1.25, end: 2, lines: ["مرحبا بالعالم"]),
            CaptionCue(start: 2.5, end: 99, lines: ["港の夜明け & <done>"]),
        ]
        _ = try Film.stitch(recipe, output: bench.path("f.mp4"))
        let entries = try bench.entries("f.mp4", stream: "s:0")
        #expect(entries["codec_name"] == "mov_text")
        let text = try bench.run("ffmpeg", "-v", "error", "-i", "f.mp4", "-map", "0:s:0", "-f", "srt", "-")
            .replacing(/<\/?font[^>]*>/, with: "").replacing("\r\n", with: "\n")
        #expect(text.contains("00:00:00,500 --> 00:00:01,250\nDämmerung\nüber dem Hafen\n"))
        #expect(text.contains("00:00:01,250 --> 00:00:02,000\nمرحبا بالعالم\n"))
        #expect(text.contains("00:00:02,500 --> 00:00:03,000\n港の夜明け & <done>"))
        let packets = try bench.run(
            "ffprobe", "-v", "error", "-select_streams", "s:0", "-show_entries", "packet=pts_time,size", "-of",
            "csv=p=0",
            "f.mp4")
        #expect(
            Set(packets.split(separator: "\n").map { $0.split(separator: ",").first ?? "" })
                == ["0.000000", "0.500000", "1.250000", "2.000000", "2.500000"])
        #expect(try bench.moovIsFirst(bench.path("f.mp4")))
        #expect(try bench.complaints("f.mp4") == "")
    }
}
