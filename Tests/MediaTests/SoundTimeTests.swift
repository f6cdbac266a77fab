// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

/// Sound is placed by the timestamps of its file.
@Suite(.timeLimit(.minutes(5))) struct SoundTimeTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    /// Makes a video of 320x180 for 4 s, without sound.
    private func video(_ name: String) throws -> String {
        try bench.make(
            name, "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30:d=4", "-c:v", "libx264", "-preset", "ultrafast", "-bf",
            "2", "-g", "60", "-pix_fmt", "yuv420p")
    }

    /// Makes a sound of beeps of 0.2 s.
    private func beeps(_ name: String, at times: [Double], seconds: Double = 4) throws -> String {
        let wave = times.map { "between(t,\($0),\($0 + 0.2))" }.joined(separator: "+")
        return try bench.make(
            name, "-f", "lavfi", "-i", "aevalsrc='0.7*sin(2*PI*1000*t)*(\(wave))':d=\(seconds):s=48000")
    }

    /// The times at which beeps start, in seconds.
    private func onsets(_ file: String) throws -> [Double] {
        let sound = try bench.sound(file)
        var (found, position) = ([Double](), 0)
        while let onset = sound.onset(from: position) {
            found.append(Double(onset) / 48_000)
            position = onset + 24_000
            if position >= sound.count { break }
        }
        return found
    }

    private func expectOnsets(_ file: String, _ times: [Double], _ subject: String) throws {
        let found = try onsets(file)
        #expect(
            found.count == times.count && zip(found, times).allSatisfy { abs($0 - $1) < 0.005 },
            "\(subject): \(found), expected \(times)")
    }

    /// Checks the onsets of a file as the narration of a still, and as a clip with its own sound.
    private func expectOnsets(_ source: String, narration: [Double]?, clip: [Double]?) throws {
        let still = try bench.clip("still.mp4", frames: 120, of: try bench.flat("s.png", "red"))
        if let narration {
            _ = try AudioReplacement.run(clip: still, audio: bench.path(source), output: bench.path("n.mp4"))
            try expectOnsets("n.mp4", narration, "\(source) as a narration")
        }
        if let clip {
            let part = FilmPart(clip: bench.path(source), frames: 120, audio: nil, title: "a")
            try Film.stitch(parts: [part], output: bench.path("f.mp4"), format: try small())
            try expectOnsets("f.mp4", clip, "\(source) as a clip")
        }
    }

    @Test(arguments: ["mp4", "mov", "mkv"])
    func `sound that starts after the video keeps its offset in each container`(_ type: String) throws {
        _ = try video("p.mp4")
        _ = try beeps("b.wav", at: [0.5])
        try bench.make(
            "late.\(type)", "-i", "p.mp4", "-itsoffset", "1", "-i", "b.wav", "-map", "0:v", "-map", "1:a", "-c:v",
            "copy", "-c:a", "aac")
        try expectOnsets("late.\(type)", narration: [1.5], clip: [1.5])
    }

    @Test
    func `sound that starts before the video is kept, and the first frame is held`() throws {
        _ = try video("p.mp4")
        _ = try beeps("b.wav", at: [0.3, 1.5])
        for (name, codec) in [("early.mp4", "aac"), ("early.mkv", "libvorbis")] {
            try bench.make(
                name, "-itsoffset", "1", "-i", "p.mp4", "-i", "b.wav", "-map", "0:v", "-map", "1:a", "-c:v", "copy",
                "-c:a", codec)
            try expectOnsets(name, narration: [0.3, 1.5], clip: [0.3, 1.5])
        }
    }

    @Test
    func `the edit list applies to sound and video alike`() throws {
        _ = try video("p.mp4")
        _ = try beeps("b.wav", at: [1.5])
        try bench.make("g.mp4", "-i", "p.mp4", "-i", "b.wav", "-c:v", "copy", "-c:a", "aac")
        try bench.make("cut.mp4", "-ss", "0.7", "-i", "g.mp4", "-c", "copy")
        try expectOnsets("cut.mp4", narration: [0.8], clip: nil)
        try bench.make("bare.mp4", "-i", "g.mp4", "-c", "copy", "-use_editlist", "0")
        try bench.make("far.mkv", "-i", "g.mp4", "-c", "copy", "-output_ts_offset", "100000")
        try bench.make("pieces.mp4", "-i", "g.mp4", "-c", "copy", "-movflags", "empty_moov+frag_keyframe")
        for name in ["g.mp4", "bare.mp4", "far.mkv", "pieces.mp4"] {
            try expectOnsets(name, narration: nil, clip: [1.5])
        }
    }

    @Test(arguments: [
        ("gap.webm", "libopus"), ("gap.mka", "libvorbis"), ("gap.mka", "pcm_s16le"), ("gap.m4a", "aac"),
        ("gap.mka", "flac"),
    ])
    func `a gap in the timestamps is silence, in each container`(_ name: String, _ codec: String) throws {
        _ = try beeps("b.wav", at: [0.5, 1.2], seconds: 2)
        try bench.make(name, "-i", "b.wav", "-af", "asetpts='PTS+if(gte(T,1),2,0)/TB'", "-c:a", codec)
        try expectOnsets(name, narration: [0.5, 3.2], clip: nil)
        _ = try video("p.mp4")
        let whole = name.hasSuffix("m4a") ? "gap.mp4" : "gap.mkv"
        try bench.make(whole, "-i", "p.mp4", "-i", name, "-c", "copy", "-map", "0:v", "-map", "1:a")
        try expectOnsets(whole, narration: [0.5, 3.2], clip: [0.5, 3.2])
    }

    @Test
    func `an audio file starts with its first sample, whatever its timestamps`() throws {
        _ = try beeps("b.wav", at: [0.5, 1.5])
        for (name, codec) in [("a.mka", "flac"), ("a.m4a", "alac"), ("a.webm", "libopus"), ("a.ogg", "libvorbis")] {
            try bench.make("far-\(name)", "-i", "b.wav", "-c:a", codec, "-output_ts_offset", "50000")
            try expectOnsets("far-\(name)", narration: [0.5, 1.5], clip: nil)
        }
    }

    @Test
    func `one of 40 audio tracks is read as the narration`() throws {
        _ = try beeps("b.wav", at: [0.5])
        let maps = (0..<40).flatMap { _ in ["-map", "0:a"] }
        let errors = try bench.runBytes(
            "ffmpeg", ["-v", "error", "-y", "-i", "b.wav"] + maps + ["-c:a", "aac", "many.mp4"])
        #expect(errors.isEmpty)
        try expectOnsets("many.mp4", narration: [0.5], clip: nil)
    }
}
