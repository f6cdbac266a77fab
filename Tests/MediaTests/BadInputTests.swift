// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Media

@Suite(.timeLimit(.minutes(5))) struct BadInputTests {
    private let bench: Workbench

    init() throws { bench = try Workbench() }

    private func make(_ image: String, output: String? = nil) -> (kind: MediaError.Kind, message: String)? {
        fault {
            _ = try StillClip.make(
                image: image, frames: 3, output: output ?? bench.path("out.mp4"), format: try small())
        }
    }

    @Test(arguments: ["a.png", "a.jpg", "a.webp"])
    func `a truncated image is rejected, and the error names it`(_ name: String) throws {
        _ = try bench.picture(name)
        let bytes = try bench.bytes(name)
        for tenth in 0..<10 {
            let path = try bench.write("cut-\(name)", bytes.prefix(bytes.count * tenth / 10))
            let found = make(path)
            #expect(
                found?.kind == .corruptMedia || found?.kind == .unsupported, "\(tenth)/10: \(String(describing: found))"
            )
            #expect(found?.message.contains("cut-\(name)") == true)
        }
        for missing in [1, 2, 5, 13] {
            let path = try bench.write("cut-\(name)", bytes.dropLast(missing))
            #expect(make(path)?.kind == .corruptMedia, "\(missing) bytes missing")
        }
        #expect(!FileManager.default.fileExists(atPath: bench.path("out.mp4")))
    }

    @Test
    func `an image with damaged bytes is rejected`() throws {
        _ = try bench.picture("a.png")
        var bytes = try bench.bytes("a.png")
        for index in stride(from: bytes.count / 3, to: bytes.count / 3 + 50, by: 1) { bytes[index] ^= 0x5A }
        #expect(make(try bench.write("bad.png", bytes))?.kind == .corruptMedia)
    }

    @Test
    func `a header with too many pixels is rejected before decoding`() throws {
        _ = try bench.picture("a.png")
        for size in [[0, 0, 0x3F, 0xFF], [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF]] as [[UInt8]] {
            var bytes = try bench.bytes("a.png")
            bytes.replaceSubrange(16..<24, with: size + size)
            #expect(make(try bench.write("huge.png", bytes))?.kind == .tooLarge)
        }
    }

    @Test
    func `a file over 100 MiB is rejected without reading it`() throws {
        let path = try bench.write("big.png", [])
        #expect(truncate(path, 101 << 20) == 0)
        #expect(make(path)?.kind == .tooLarge)
    }

    @Test(arguments: [
        ("text.png", "this is text"), ("a.svg", "<svg xmlns='http://www.w3.org/2000/svg'/>"), ("x.jpg", "\u{0}"),
        ("list.png", "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nsecret.png\n"),
    ])
    func `a file that is not an image is rejected`(_ name: String, _ text: String) throws {
        let found = make(try bench.write(name, text.utf8))
        #expect(found?.kind == .unsupported)
        #expect(found?.message.contains(name) == true)
    }

    @Test
    func `missing files, empty files and folders have errors of their own`() throws {
        #expect(make(bench.path("gone.png"))?.kind == .notFound)
        #expect(make(try bench.write("empty.png", []))?.kind == .corruptMedia)
        #expect(make(bench.folder)?.kind == .io)
    }

    @Test
    func `a full disk and an unwritable path are not reported as corrupt media`() throws {
        let image = try bench.picture("a.png")
        let full = make(image, output: "/dev/full")
        #expect(full?.kind == .noSpace)
        #expect(full?.message.contains("disk is full") == true)
        #expect(make(image, output: bench.folder)?.kind == .io)
        #expect(make(image, output: bench.path("no/such/folder.mp4"))?.kind == .notFound)
        let clip = try bench.clip("c.mp4", frames: 30, of: image)
        let film = fault {
            _ = try Film.stitch(
                parts: [FilmPart(clip: clip, frames: 30, audio: nil, title: "c")], output: "/dev/full",
                format: try small())
        }
        #expect(film?.kind == .noSpace)
    }

    @Test(arguments: [
        "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nsecret.mp4\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile secret.mp4\n",
        "<?xml version='1.0'?><MPD><Period><BaseURL>secret.mp4</BaseURL></Period></MPD>",
        "v=0\nc=IN IP4 127.0.0.1\nm=video 1234 RTP/AVP 96\n",
    ])
    func `playlists and scripts open no other file`(_ script: String) throws {
        _ = try bench.clip("secret.mp4", frames: 60, of: try bench.picture("a.png"))
        for name in ["x.mp4", "x.m3u8", "x.ffconcat", "x.mpd", "x.sdp", "x.mp3"] {
            let path = try bench.write(name, script.utf8)
            #expect(fault { _ = try MediaProbe.probe(path, decode: true) } != nil || hasNothing(path), "\(name)")
            let film = fault {
                _ = try Film.stitch(
                    parts: [FilmPart(clip: path, frames: 3, audio: nil, title: name)], output: bench.path("f.mp4"),
                    format: try small())
            }
            #expect(film?.kind == .corruptMedia)
        }
    }

    private func hasNothing(_ path: String) -> Bool {
        (try? MediaProbe.probe(path, decode: true)).map { $0.frames == 0 && $0.decodedOK == false } ?? true
    }

    @Test(arguments: ["http:x.png", "concat:a|b.png", "-i.png", "%d.png"])
    func `file names that look like protocols are treated as names`(_ name: String) throws {
        _ = try bench.picture("a.png")
        let image = try bench.write(name, try bench.bytes("a.png"))
        let output = bench.path("\(name).mp4")
        #expect(make(image, output: output) == nil)
        #expect(try MediaProbe.probe(output, decode: true).frames == 3)
    }

    @Test(arguments: [(63, 64), (64, 65), (0, 0), (4098, 64), (-2, 64)])
    func `sizes outside the bounds are rejected`(_ width: Int, _ height: Int) {
        #expect(fault { _ = try VideoFormat(width: width, height: height) }?.kind == .invalidArgument)
    }
}
