// SPDX-License-Identifier: Apache-2.0

import Foundation
import JSON
import JSONRPC
import Testing

/// Colours, orientation and transparency that a source declares in its metadata, in clips and films.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SourceColoursTests {
    private static let red = [200, 30, 30]
    private static let grey = [90, 90, 90]

    /// Runs `body` with a service and the names of the files of `Hostile/colours.py`.
    private func with(_ service: String, _ body: (MediaServiceFixture, [String]) async throws -> Void) async throws {
        try await MediaServiceFixture.with(service, script: "colours.py") { try await body($0, $0.names) }
    }

    private func isNear(_ found: [Int], _ wanted: [Int], within tolerance: Int) -> Bool {
        found.count == 3 && zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test
    func `stills of any profile have the right colours and orientation, and broken profiles are reported`() async throws
    {
        try await with("clipper") { fixture, names in
            for name in names where !name.hasSuffix(".mp4") && !name.hasSuffix(".webm") {
                let made = try await fixture.connection.call(
                    "clipper.create",
                    params: [
                        "image": fixture.uri(name), "duration": 0.1, "output": fixture.uri("made.mp4"), "width": 320,
                        "height": 180,
                    ])
                let warnings = made["warnings"]?.array?.compactMap(\.string) ?? []
                #expect(warnings.count == (name.hasPrefix("broken") ? 1 : 0), "\(name): \(warnings)")
                #expect(warnings.allSatisfy { $0.hasPrefix("\(name): its colour profile cannot be") }, "\(warnings)")
                let first = try await fixture.color("made.mp4", x: 30, y: 30)
                let second = try await fixture.color("made.mp4", x: 300, y: 150)
                if name == "grey.png" {
                    #expect(isNear(first, [168, 168, 168], within: 3), "\(name): \(first)")
                } else {
                    #expect(isNear(first, Self.red, within: name == "cicp.png" ? 9 : 5), "\(name): \(first)")
                }
                if name.hasPrefix("turned") { #expect(isNear(second, Self.grey, within: 5), "\(name): \(second)") }
            }
        }
    }

    @Test
    func `clips of other primaries, without tags or with transparency have the right colours`() async throws {
        try await with("stitcher") { fixture, names in
            for name in names where name.hasSuffix(".mp4") || name.hasSuffix(".webm") {
                let made = try await fixture.connection.call(
                    "stitcher.stitch",
                    params: [
                        "clips": [["clip": fixture.uri(name), "segment_id": "a", "duration": 0.5]],
                        "output": fixture.uri("made.mp4"), "width": 320, "height": 180,
                    ])
                let middle = try await fixture.color("made.mp4", x: 160, y: 90)
                #expect(isNear(middle, Self.red, within: 8), "\(name): \(middle)")
                let corner = try await fixture.color("made.mp4", x: 4, y: 4)
                let isTransparent = name.hasPrefix("alpha")
                #expect(isNear(corner, isTransparent ? [0, 0, 0] : Self.red, within: 8), "\(name): \(corner)")
                if name == "plain.mp4" { #expect(made["copied_frames"] == 15) }
                if name == "untagged.mp4" {
                    let reason = made["clips"]?.array?.first?["reason"]?.string ?? ""
                    #expect(reason.hasPrefix("its colours are not tagged"), "\(made)")
                }
            }
        }
    }

    @Test(arguments: ["bt470bg", "smpte170m"])
    func `clips of BT.601 have the colours that Chromium shows`(_ primaries: String) async throws {
        try await with("stitcher") { fixture, _ in
            let played = try await BrowserPlayer.play(fixture.path("\(primaries).mp4"), 0.2)
            let expected = try #require(played.seeks?.first?.color, "\(played)")
            #expect(isNear(expected, Self.red, within: 4), "\(expected)")
            _ = try await fixture.connection.call(
                "stitcher.stitch",
                params: [
                    "clips": [["clip": fixture.uri("\(primaries).mp4"), "segment_id": "a", "duration": 0.5]],
                    "output": fixture.uri("made.mp4"), "width": 320, "height": 180,
                ])
            let found = try await fixture.color("made.mp4", x: 160, y: 90)
            #expect(isNear(found, expected, within: 4), "\(found), Chromium shows \(expected)")
        }
    }
}

extension MediaServiceFixture {
    /// Red, green and blue at a position of a film's first picture, which has 320x180 pixels.
    fileprivate func color(_ name: String, x: Int, y: Int) async throws -> [Int] {
        let raw = path("\(name).rgb")
        _ = try await Program.run(
            "/usr/bin/ffmpeg",
            [
                "-v", "error", "-y", "-i", path(name), "-vf",
                "scale=in_color_matrix=bt709,format=rgb24,crop=2:2:\(x):\(y)", "-frames:v", "1", "-f", "rawvideo",
                raw,
            ])
        return try Data(contentsOf: URL(filePath: raw)).prefix(3).map(Int.init)
    }
}
