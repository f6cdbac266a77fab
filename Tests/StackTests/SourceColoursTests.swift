import Foundation
import JSON
import JSONRPC
import Testing

/// Colours, orientation and transparency that a source states beside its samples, through the real clipper and stitcher.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SourceColoursTests {
    private static let red = [200, 30, 30]
    private static let grey = [90, 90, 90]

    private func with(_ service: String, _ body: (MediaBench, [String]) async throws -> Void) async throws {
        try await MediaBench.with(service, script: "colours.py") { try await body($0, $0.names) }
    }

    private func isNear(_ found: [Int], _ wanted: [Int], within tolerance: Int) -> Bool {
        found.count == 3 && zip(found, wanted).allSatisfy { abs($0 - $1) <= tolerance }
    }

    @Test("stills of any profile show the colours that were meant, upright, and broken profiles are told")
    func stills() async throws {
        try await with("clipper") { bench, names in
            for name in names where !name.hasSuffix(".mp4") && !name.hasSuffix(".webm") {
                let made = try await bench.connection.call(
                    "clipper.create",
                    params: [
                        "image": bench.uri(name), "duration": 0.1, "output": bench.uri("made.mp4"), "width": 320,
                        "height": 180,
                    ])
                let warnings = made["warnings"]?.array?.compactMap(\.string) ?? []
                #expect(warnings.count == (name.hasPrefix("broken") ? 1 : 0), "\(name): \(warnings)")
                #expect(warnings.allSatisfy { $0.hasPrefix("\(name): its colour profile cannot be") }, "\(warnings)")
                let first = try await bench.color("made.mp4", x: 30, y: 30)
                let second = try await bench.color("made.mp4", x: 300, y: 150)
                if name == "grey.png" {
                    #expect(isNear(first, [168, 168, 168], within: 3), "\(name): \(first)")
                } else {
                    #expect(isNear(first, Self.red, within: name == "cicp.png" ? 9 : 5), "\(name): \(first)")
                }
                if name.hasPrefix("turned") { #expect(isNear(second, Self.grey, within: 5), "\(name): \(second)") }
            }
        }
    }

    @Test(
        "clips of other primaries, and clips without tags, show the colours that were meant, and hidden colours stay hidden"
    )
    func clips() async throws {
        try await with("stitcher") { bench, names in
            for name in names where name.hasSuffix(".mp4") || name.hasSuffix(".webm") {
                let made = try await bench.connection.call(
                    "stitcher.stitch",
                    params: [
                        "clips": [["clip": bench.uri(name), "segment_id": "a", "duration": 0.5]],
                        "output": bench.uri("made.mp4"), "width": 320, "height": 180,
                    ])
                let middle = try await bench.color("made.mp4", x: 160, y: 90)
                #expect(isNear(middle, Self.red, within: 8), "\(name): \(middle)")
                let corner = try await bench.color("made.mp4", x: 4, y: 4)
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

    @Test(
        "clips of BT.601 have the colours in the film that Chromium shows of them", arguments: ["bt470bg", "smpte170m"])
    func standardDefinition(_ primaries: String) async throws {
        try await with("stitcher") { bench, _ in
            let seen = try await BrowserPlayer.play(bench.path("\(primaries).mp4"), 0.2)
            let wanted = try #require(seen.seeks?.first?.color, "\(seen)")
            #expect(isNear(wanted, Self.red, within: 4), "\(wanted)")
            _ = try await bench.connection.call(
                "stitcher.stitch",
                params: [
                    "clips": [["clip": bench.uri("\(primaries).mp4"), "segment_id": "a", "duration": 0.5]],
                    "output": bench.uri("made.mp4"), "width": 320, "height": 180,
                ])
            let found = try await bench.color("made.mp4", x: 160, y: 90)
            #expect(isNear(found, wanted, within: 4), "\(found), Chromium shows \(wanted)")
        }
    }
}

extension MediaBench {
    /// Red, green and blue at a place of a film's first picture of 320x180.
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
