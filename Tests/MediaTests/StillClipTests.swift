// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import Timebase

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct StillClipTests {
    private let bench: Workbench
    private let small: VideoFormat

    init() throws {
        bench = try Workbench()
        small = try VideoFormat(width: 320, height: 180)
    }

    @Test
    func `a clip is H.264 High, yuv420p, BT.709, 30/1, avc1, moov first, and decodes without errors`() throws {
        let image = try bench.picture("a.png")
        let clip = bench.path("a.mp4")
        let report = try StillClip.make(image: image, frames: 150, output: clip, format: try VideoFormat())
        #expect(report.frames == 150)
        let video = try bench.entries(clip)
        for (name, value) in [
            ("codec_name", "h264"), ("profile", "High"), ("codec_tag_string", "avc1"), ("width", "1920"),
            ("height", "1080"),
            ("pix_fmt", "yuv420p"), ("color_space", "bt709"), ("color_primaries", "bt709"), ("color_transfer", "bt709"),
            ("color_range", "tv"), ("r_frame_rate", "30/1"), ("avg_frame_rate", "30/1"), ("nb_frames", "150"),
            ("duration", "5.000000"), ("has_b_frames", "0"),
        ] {
            #expect(video[name] == value, "\(name)")
        }
        #expect(try bench.moovIsFirst(clip))
        #expect(try bench.complaints(clip) == "")
    }

    @Test(arguments: [1, 2, 3, 17, 60, 61, 62, 200])
    func `every frame of a clip is the same picture`(_ frames: Int) throws {
        let image = try bench.picture("a.png")
        let clip = bench.path("a.mp4")
        _ = try StillClip.make(image: image, frames: frames, output: clip, format: small, keyFramesAt: [8, frames - 7])
        let hashes = try bench.frameHashes(clip)
        #expect(hashes.count == frames, "\(hashes)")
        #expect(Set(hashes).count == 1)
        #expect(try bench.complaints(clip) == "")
    }

    @Test
    func `key frames are placed every two seconds and at the requested frames`() {
        let rate = FrameRate(30)
        #expect(KeyFrames.place(frames: 150, rate: rate, requested: []) == [0, 60, 120])
        #expect(KeyFrames.place(frames: 150, rate: rate, requested: [8, 143, 0, 150, -4]) == [0, 8, 68, 128, 143])
        #expect(KeyFrames.place(frames: 1, rate: rate, requested: []) == [0])
    }

    @Test(arguments: ["png", "jpg", "webp"])
    func `the still fills the frame, centre-cropped, and keeps its colours`(_ ending: String) throws {
        // Red at the left and right of a green centre: only the centre remains.
        let image = try bench.picture(
            "a.\(ending)", "color=red:s=300x100,drawbox=x=100:y=0:w=100:h=100:color=0x00C040:t=fill")
        let clip = bench.path("a.mp4")
        _ = try StillClip.make(image: image, frames: 3, output: clip, format: try VideoFormat(width: 96, height: 96))
        let pixels = Array(
            try bench.runBytes(
                "ffmpeg",
                [
                    "-v", "error", "-i", clip, "-frames:v", "1", "-vf", "crop=64:64,scale=1:1,format=rgb24", "-f",
                    "rawvideo", "-",
                ]))
        #expect(pixels.count == 3)
        for (found, wanted) in zip(pixels, [0, 0xC0, 0x40]) { #expect(abs(Int(found) - wanted) <= 12) }
    }

    @Test
    func `transparency is composited over black`() throws {
        let image = try bench.picture("a.png", "color=white@0.0:s=64x64,format=rgba")
        let clip = bench.path("a.mp4")
        _ = try StillClip.make(image: image, frames: 2, output: clip, format: small)
        #expect(try bench.grey(clip, frame: 0).allSatisfy { $0 < 20 })
    }

    @Test(arguments: ["png", "jpg", "webp"])
    func `a truncated image is corrupt, wherever it ends`(_ ending: String) throws {
        let image = try bench.picture("a.\(ending)")
        let whole = try Data(contentsOf: URL(filePath: image))
        for tenth in 1...9 {
            let cut = bench.path("cut.\(ending)")
            try whole.prefix(whole.count * tenth / 10).write(to: URL(filePath: cut))
            let error = #expect(throws: MediaError.self) {
                try StillClip.make(image: cut, frames: 2, output: bench.path("x.mp4"), format: small)
            }
            #expect(error?.kind == .corruptMedia || error?.kind == .unsupported)
            #expect(error?.message.contains("cut.\(ending)") == true)
        }
    }

    @Test
    func `text, empty, missing and enormous files are rejected as such`() throws {
        func kind(_ name: String) -> MediaError.Kind? {
            #expect(throws: MediaError.self) {
                try StillClip.make(image: bench.path(name), frames: 2, output: bench.path("x.mp4"), format: small)
            }?.kind
        }
        try "hello".write(toFile: bench.path("text.png"), atomically: true, encoding: .utf8)
        #expect(kind("text.png") == .unsupported)
        try Data().write(to: URL(filePath: bench.path("empty.png")))
        #expect(kind("empty.png") == .corruptMedia)
        #expect(kind("missing.png") == .notFound)
        var bomb = try Data(contentsOf: URL(filePath: try bench.picture("a.png")))
        bomb.replaceSubrange(16..<24, with: [0, 0, 0xFF, 0xFF, 0, 0, 0xFF, 0xFF])
        try bomb.write(to: URL(filePath: bench.path("bomb.png")))
        #expect(kind("bomb.png") == .tooLarge)
    }

    @Test
    func `cancellation stops a clip`() throws {
        let image = try bench.picture("a.png")
        let error = #expect(throws: MediaError.self) {
            try StillClip.make(
                image: image, frames: 100, output: bench.path("x.mp4"), format: small, cancelled: { true })
        }
        #expect(error?.kind == .cancelled)
    }
}

@Suite(.timeLimit(.minutes(1))) struct BitTests {
    @Test
    func `Exp-Golomb codes match table 9-2 of the standard`() {
        var writer = BitWriter()
        for value in [0, 1, 2, 3, 8] { writer.unsigned(value) }
        // 1 010 011 00100 0001001
        #expect(writer.bytes == [0b1010_0110, 0b0100_0001, 0b0010_0000].prefix(3).map { $0 })
        var reader = BitReader(writer.bytes)
        #expect((0..<5).map { _ in reader.unsigned() } == [0, 1, 2, 3, 8])
        var signed = BitWriter()
        for value in [0, 1, -1, 2, -2] { signed.signed(value) }
        var back = BitReader(signed.bytes)
        #expect((0..<5).map { _ in back.signed() } == [0, 1, -1, 2, -2])
    }

    @Test
    func `emulation prevention bytes are inserted and removed`() {
        let payload: [UInt8] = [0, 0, 0, 0, 0, 1, 0, 0, 3, 9]
        let unit = NALUnit(kind: .slice, referenceIDC: 2, payload: payload)
        #expect(unit.bytes == [0x41, 0, 0, 3, 0, 0, 3, 0, 1, 0, 0, 3, 3, 9])
        #expect(unit.payload == payload)
    }

    @Test
    func `different parameter sets with one id are not merged`() throws {
        let one = [0, 0, 0, 1, 0x67, 100, 0, 40, 0xAC, 0, 0, 0, 1, 0x68, 0xEE, 0x3C].map { UInt8($0) }
        var changed = one
        changed[8] = 0xAD
        var configuration = try DecoderConfiguration(extradata: one)
        #expect(try DecoderConfiguration(extradata: configuration.extradata) == configuration)
        #expect(configuration.merge(try DecoderConfiguration(extradata: one)))
        #expect(!configuration.merge(try DecoderConfiguration(extradata: changed)))
    }
}
