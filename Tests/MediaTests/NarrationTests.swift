// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct NarrationTests {
    private let bench: Workbench
    let clip: String

    init() throws {
        bench = try Workbench()
        clip = try bench.clip("clip.mp4", frames: 60, of: try bench.picture("a.png"))
    }

    private func replace(_ audio: String, duration: Double? = nil, from start: Double = 0) throws
        -> AudioReplacementReport
    {
        try AudioReplacement.run(
            clip: clip, audio: audio, output: bench.path("out.mp4"), duration: duration, audioStart: start)
    }

    @Test(arguments: ["wav", "mp3", "m4a", "flac", "ogg", "opus", "mka"])
    func `narrations of every container start on time`(_ type: String) throws {
        _ = try replace(try bench.burst("t.\(type)", after: 0.3, seconds: 1, rate: 48_000))
        let sound = try bench.sound("out.mp4")
        #expect(abs(try #require(sound.onset(from: 0)) - 14_400) <= 240)
        #expect(try bench.complaints("out.mp4") == "")
    }

    @Test(arguments: [
        (8000, "mono"), (44_100, "stereo"), (22_050, "mono"), (48_000, "5.1"), (96_000, "stereo"),
        (192_000, "mono"),
    ])
    func `narrations of every rate and layout start on time`(_ rate: Int, _ layout: String) throws {
        let report = try replace(try bench.burst("t.wav", after: 0.3, seconds: 1, rate: rate, layout: layout))
        #expect(abs(report.audioDuration - 1) < 0.002)
        let sound = try bench.sound("out.mp4")
        #expect(abs(try #require(sound.onset(from: 0)) - 14_400) <= 240)
        let track = try bench.entries("out.mp4", stream: "a:0")
        #expect(track["codec_name"] == "aac" && track["sample_rate"] == "48000" && track["channels"] == "2")
    }

    @Test
    func `a narration in raw AAC is read`() throws {
        let report = try replace(try bench.burst("t.aac", seconds: 1))
        #expect(abs(report.audioDuration - 1) < 0.05)
    }

    @Test(arguments: ["aac", "mp3"])
    func `a narration that changes its sample rate is read completely`(_ type: String) throws {
        var joined: [UInt8] = []
        for (index, (rate, channels)) in [(44_100, 1), (24_000, 2), (44_100, 1)].enumerated() {
            _ = try bench.tone("\(index).\(type)", seconds: 0.5, rate: rate, channels: channels)
            joined += try bench.bytes("\(index).\(type)")
        }
        let report = try replace(try bench.write("joined.\(type)", joined))
        #expect((1.5...1.9).contains(report.audioDuration), "\(report.audioDuration)")
        let sound = try bench.sound("out.mp4")
        #expect((66_000...76_000).contains(sound.count { abs($0) > 0.02 }), "\(sound.count { abs($0) > 0.02 })")
    }

    @Test
    func `a short narration is padded, a long one trimmed, as reported`() throws {
        let short = try replace(try bench.burst("s.wav", seconds: 0.5))
        #expect(abs(short.padded - 1.5) < 0.001 && short.trimmed == 0)
        #expect(abs(Double(try bench.sound("out.mp4").count) / 48_000 - 2) < 0.025)
        let long = try replace(try bench.burst("l.wav", seconds: 5))
        #expect(long.padded == 0 && abs(long.trimmed - 3) < 0.001)
        #expect(abs(Double(try bench.sound("out.mp4").count) / 48_000 - 2) < 0.025)
        #expect(try bench.entries("out.mp4")["nb_frames"] == "60")
    }

    @Test
    func `the beginning of a narration can be skipped`() throws {
        let report = try replace(try bench.burst("t.mp3", after: 1.3, seconds: 2), from: 1)
        #expect(abs(try #require(try bench.sound("out.mp4").onset(from: 0)) - 14_400) <= 240)
        #expect(abs(report.padded - 1) < 0.03)
        let beyond = try replace(try bench.burst("u.wav", seconds: 1), from: 5)
        #expect(abs(beyond.padded - 2) < 0.001)
    }

    @Test
    func `a narration replaces a clip's own sound`() throws {
        _ = try replace(try bench.burst("a.wav", seconds: 2))
        _ = try AudioReplacement.run(
            clip: bench.path("out.mp4"), audio: try bench.burst("b.wav", after: 1, seconds: 2),
            output: bench.path("again.mp4"))
        #expect(abs(try #require(try bench.sound("again.mp4").onset(from: 0)) - 48_000) <= 240)
        let streams = try bench.run(
            "ffprobe", "-v", "error", "-show_entries", "stream=codec_type", "-of", "csv=p=0", "again.mp4")
        #expect(streams == "video\naudio\n")
    }

    @Test
    func `a clip of irregular rate keeps its frames`() throws {
        try bench.make(
            "vfr.mkv", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30000/1001", "-t", "2", "-vf",
            "select='not(mod(n,7))+lt(n,23)',setpts=PTS*1.00013", "-vsync", "vfr", "-c:v", "libx264")
        for name in ["vfr.mkv", "odd.mp4"] {
            if name == "odd.mp4" {
                try bench.make(name, "-i", "vfr.mkv", "-c", "copy", "-video_track_timescale", "90000")
            }
            _ = try AudioReplacement.run(
                clip: bench.path(name), audio: try bench.burst("t.wav", seconds: 1), output: bench.path("o.mp4"))
            #expect(try bench.complaints("o.mp4") == "")
            #expect(try bench.frameHashes("o.mp4") == bench.frameHashes(name))
        }
    }

    @Test
    func `a file without sound is rejected by name, and nothing is written`() throws {
        let cases: [(String, [UInt8])] = [
            ("empty.mp3", []), ("text.mp3", Array("hello, this is a text\n".utf8)), ("cut.wav", Array("RIFF".utf8)),
            ("noise.m4a", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 97 ^ $0 >> 3) }),
        ]
        for (name, bytes) in cases {
            let path = try bench.write(name, bytes)
            let found = fault { _ = try replace(path) }
            #expect(found?.kind == .corruptMedia, "\(name): \(String(describing: found))")
            #expect(found?.message.contains(name) == true)
        }
        let noSamples = try bench.make("zero.wav", "-f", "lavfi", "-i", "anullsrc", "-t", "0")
        #expect(fault { _ = try replace(noSamples) }?.kind == .corruptMedia)
        #expect(fault { _ = try replace(clip) }?.kind == .corruptMedia)
        #expect(fault { _ = try replace(bench.path("gone.mp3")) }?.kind == .notFound)
        #expect(throws: (any Error).self) { try bench.bytes("out.mp4") }
    }

    @Test
    func `a truncated narration is used up to its end`() throws {
        _ = try bench.burst("whole.mp3", seconds: 2)
        let bytes = try bench.bytes("whole.mp3")
        let report = try replace(try bench.write("half.mp3", bytes.prefix(bytes.count / 2)))
        #expect(report.audioDuration > 0.7 && report.audioDuration < 1.3)
        #expect(try bench.complaints("out.mp4") == "")
    }

    @Test
    func `cover art is not video`() throws {
        _ = try bench.burst("t.wav", seconds: 1)
        let path = try bench.make(
            "cover.mp3", "-i", "t.wav", "-i", "a.png", "-map", "0:a", "-map", "1:v", "-c:v", "png", "-disposition:v",
            "attached_pic")
        _ = try replace(path)
        #expect(try MediaProbe.probe(path, decode: true).decodedOK == true)
        let found = fault {
            _ = try AudioReplacement.run(clip: path, audio: path, output: bench.path("out2.mp4"))
        }
        #expect(found?.kind == .corruptMedia)
    }

    @Test(arguments: [0, -1, 1e9, .nan, .infinity])
    func `invalid durations are rejected`(_ seconds: Double) throws {
        let tone = try bench.burst("t.wav", seconds: 1)
        #expect(fault { _ = try replace(tone, duration: seconds) }?.kind == .invalidArgument)
    }

    @Test
    func `cancellation stops the copying`() throws {
        let tone = try bench.burst("t.wav", seconds: 1)
        let found = fault {
            _ = try AudioReplacement.run(
                clip: clip, audio: tone, output: bench.path("out.mp4"), cancelled: { true })
        }
        #expect(found?.kind == .cancelled)
    }

    @Test
    func `sound between long silences is encoded at its time and level`() throws {
        let clip = try bench.clip("long.mp4", frames: 600, of: try bench.flat("l.png", "red"))
        let tone = try bench.burst("late.wav", after: 9.3, seconds: 12)
        _ = try AudioReplacement.run(clip: clip, audio: tone, output: bench.path("late.mp4"))
        let sound = try bench.sound("late.mp4")
        #expect((0..<1024).contains(sound.count - 20 * 48_000))
        let onset = try #require(sound.onset(from: 0))
        #expect(abs(onset - Int(9.3 * 48_000)) <= 240)
        #expect(sound.isSilent(0..<onset - 2048) && sound.isSilent(12 * 48_000 + 2048..<sound.count))
        let peak = sound[onset + 4800..<onset + 9600].map { abs($0) }.max() ?? 0
        #expect(peak > 0.6)
        let times = try bench.run(
            "ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "packet=pts", "-of", "csv=p=0",
            bench.path("late.mp4")
        ).split(separator: "\n").compactMap { Int($0.split(separator: ",").first ?? "") }
        #expect(zip(times, times.dropFirst()).allSatisfy { $1 - $0 == 1024 })
    }
}
