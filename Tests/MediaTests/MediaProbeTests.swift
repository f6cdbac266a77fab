// SPDX-License-Identifier: Apache-2.0

import CFFmpeg
import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct MediaProbeTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    @Test
    func `a valid film is reported with its streams, and decodes`() throws {
        let clip = try bench.clip("c.mp4", frames: 90, of: try bench.picture("a.png"))
        let narration = try bench.burst("t.wav", seconds: 3)
        _ = try AudioReplacement.run(clip: clip, audio: narration, output: bench.path("n.mp4"))
        let report = try MediaProbe.probe(bench.path("n.mp4"), decode: true)
        #expect(report.container == "mp4")
        #expect(abs(report.duration - 3) < 0.05)
        #expect(report.frames == 90)
        #expect(report.decodedOK == true)
        #expect(report.problems == [])
        #expect(report.streams.map(\.codec) == ["h264", "aac"])
        let video = try #require(report.streams.first)
        #expect(video.profile == "High" && video.width == 320 && video.height == 180)
        #expect(video.rate == FrameRate(30) && video.pixelFormat == "yuv420p" && video.colorSpace == "bt709")
        #expect(report.streams.last?.sampleRate == 48_000 && report.streams.last?.channels == 2)
        #expect(try MediaProbe.probe(bench.path("n.mp4"), decode: false).decodedOK == nil)
    }

    @Test
    func `repeated GOPs are decoded once, and a damaged repetition is found`() throws {
        let clip = try bench.clip("c.mp4", frames: 600, of: try bench.picture("a.png"))
        let groups = try RepeatedGroups(clip, stream: 0).groups
        #expect(groups.map(\.packets) == Array(repeating: 60, count: 10))
        #expect(groups.map(\.original) == [nil, nil] + (0..<8).map { $0 % 2 })
        var looks = 0
        var whole = try MediaPass(clip, streams: [0], thumbnailStream: 0, cancelled: { false })
        let outcome = try whole.run({ false }, { _ in }, { if !$0.samples.isEmpty { looks += 1 } })[0]
        #expect(outcome?.frames == 600 && looks == 600 && outcome?.problems == [])
        // Damage the second half of every other key frame.
        let bytes = try bench.bytes("c.mp4")
        let input = try InputFile(clip)
        let packet = try Packet()
        #expect(try input.read(packet))
        let (place, size) = (Int(packet.pointer.pointee.pos), Int(packet.pointer.pointee.size))
        let key = Array(bytes[place..<place + size])
        var damaged = bytes
        for start in bytes.indices where bytes[start...].starts(with: key) {
            for index in start + size / 2..<start + size { damaged[index] = 0xFF }
        }
        let report = try MediaProbe.probe(try bench.write("d.mp4", damaged), decode: true)
        #expect(report.decodedOK == false && !report.problems.isEmpty)
    }

    @Test
    func `a truncated or damaged film does not decode`() throws {
        try bench.make(
            "v.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "3", "-c:v", "libx264", "-movflags",
            "faststart")
        let bytes = try bench.bytes("v.mp4")
        let cut = try MediaProbe.probe(try bench.write("cut.mp4", bytes.prefix(bytes.count / 2)), decode: true)
        #expect(cut.decodedOK == false)
        #expect(!cut.problems.isEmpty)
        #expect(cut.frames < 90)
        var damaged = bytes
        for index in stride(from: bytes.count / 2, to: bytes.count - 100, by: 37) { damaged[index] ^= 0xFF }
        #expect(try MediaProbe.probe(try bench.write("bad.mp4", damaged), decode: true).decodedOK == false)
    }

    @Test
    func `files without an index, empty files and missing files are errors`() throws {
        try bench.make("v.mp4", "-f", "lavfi", "-i", "testsrc2=s=320x180:r=30", "-t", "1", "-c:v", "libx264")
        let bytes = try bench.bytes("v.mp4")
        let headless = try bench.write("headless.mp4", bytes.prefix(bytes.count / 2))
        #expect(fault { _ = try MediaProbe.probe(headless, decode: true) }?.kind == .corruptMedia)
        let empty = try bench.write("empty.mp4", [])
        #expect(fault { _ = try MediaProbe.probe(empty, decode: true) }?.kind == .corruptMedia)
        #expect(fault { _ = try MediaProbe.probe(bench.path("gone.mp4"), decode: true) }?.kind == .notFound)
    }

    @Test
    func `cancellation stops decoding within a frame`() throws {
        let clip = try bench.clip("c.mp4", frames: 300, of: try bench.picture("a.png"))
        let polls = Counter()
        let found = fault {
            _ = try MediaProbe.probe(
                clip, decode: true,
                cancelled: {
                    polls.increase() > 10
                })
        }
        #expect(found?.kind == .cancelled)
        // After the eleventh poll nothing is decoded, although the flag may be polled again.
        #expect(polls.increase() <= 16)
    }
}
