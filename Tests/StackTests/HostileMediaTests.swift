import Contracts
import Faults
import JSON
import JSONRPC
import Testing

/// Files whose headers lie, through the real clipper and stitcher: whatever a file states, the process goes on.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HostileMediaTests {
    private static let expected: Set<ErrorKind> = [.corruptMedia, .tooLarge, .invalidParams]
    private static let films: Set<String> = ["mkv", "mp4", "webm"]
    private static let sounds: Set<String> = ["wav", "ogg", "opus", "flac", "mp3"]

    private func with(_ service: String, _ body: (MediaBench, [String]) async throws -> Void) async throws {
        try await MediaBench.with(service, script: "hostile.py") { try await body($0, $0.names) }
    }

    private func kind(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

    private func isFilm(_ name: String) -> Bool { Self.films.contains(kind(name)) && !name.hasPrefix("voice") }

    private func isMedia(_ name: String) -> Bool { Self.films.contains(kind(name)) || Self.sounds.contains(kind(name)) }

    @Test("no number in a header ends the clipper, and what it cannot use is the file's fault")
    func clipper() async throws {
        try await with("clipper") { bench, names in
            for name in names where isMedia(name) {
                var calls: [(String, JSONValue)] = [
                    ("clipper.probe", ["media": bench.uri(name), "decode": true]),
                    (
                        "clipper.replace_audio",
                        [
                            "clip": bench.uri("base.mp4"), "audio": bench.uri(name), "output": bench.uri("out/2.mp4"),
                            "duration": 2,
                        ]
                    ),
                ]
                if isFilm(name) {
                    calls += [
                        (
                            "clipper.probe",
                            [
                                "media": bench.uri(name), "report": true, "thorough": true,
                                "narrations": [["segment_id": "a", "duration": 1, "audio": bench.uri("size.wav")]],
                            ]
                        ),
                        (
                            "clipper.replace_audio",
                            ["clip": bench.uri(name), "audio": bench.uri("size.wav"), "output": bench.uri("out/1.mp4")]
                        ), ("clipper.convert", ["media": bench.uri(name), "output": bench.uri("out/4.mp4")]),
                        (
                            "clipper.convert",
                            ["media": bench.uri(name), "output": bench.uri("out/5.mp4"), "duration": 0.5]
                        ),
                    ]
                }
                for (method, params) in calls {
                    let refusal = try await bench.refusal(method, params)
                    #expect(refusal.map { Self.expected.contains($0.kind) } ?? true, "\(name) \(method): \(refusal!)")
                    // The file that is written is not the one at fault.
                    #expect(refusal?.message.contains(".tmp") != true, "\(name) \(method): \(refusal!)")
                }
            }
            let endless = try await bench.refusal(
                "clipper.convert",
                ["media": bench.uri("both-ends.mkv"), "output": bench.uri("out/6.mp4"), "encode": true])
            #expect(endless?.kind == .tooLarge, "\(String(describing: endless))")
            // Two time stamps a day apart are no film of a day.
            let sparse = try await bench.refusal(
                "clipper.convert",
                ["media": bench.uri("sparse.mkv"), "output": bench.uri("out/6.mp4"), "encode": true])
            #expect(sparse?.kind == .corruptMedia, "\(String(describing: sparse))")
            for name in names where name.hasPrefix("bomb.") {
                let refusal = try await bench.refusal(
                    "clipper.create",
                    [
                        "image": bench.uri(name), "duration": 1, "output": bench.uri("out/3.mp4"), "width": 320,
                        "height": 180,
                    ])
                #expect(refusal?.kind == .tooLarge, "\(name): \(String(describing: refusal))")
            }
            #expect(try bench.peak() < 1600)
        }
    }

    @Test("no number in a clip's or a narration's header ends the stitcher")
    func stitcher() async throws {
        try await with("stitcher") { bench, names in
            for name in names where isMedia(name) {
                let asClip = isFilm(name) ? [(name, "size.wav")] : []
                for (clip, audio) in asClip + [("base.mp4", name)] {
                    let refusal = try await bench.refusal(
                        "stitcher.stitch",
                        [
                            "clips": [
                                ["clip": bench.uri(clip), "segment_id": "a", "duration": 1, "audio": bench.uri(audio)],
                                ["clip": bench.uri("base.mp4"), "segment_id": "b", "duration": 1],
                            ], "output": bench.uri("out/film.mp4"), "mode": "fade", "width": 64, "height": 64,
                            "fps": 24,
                        ])
                    #expect(refusal.map { Self.expected.contains($0.kind) } ?? true, "\(name): \(refusal!)")
                }
            }
            #expect(try bench.peak() < 1600)
        }
    }

    @Test("pictures beyond the bound, their references and very many streams are told, not decoded")
    func bounds() async throws {
        try await with("clipper") { bench, _ in
            for name in ["huge.mkv", "references.mkv"] {
                let refusal = try await bench.refusal("clipper.probe", ["media": bench.uri(name), "decode": true])
                #expect(refusal?.kind == .tooLarge, "\(name): \(String(describing: refusal))")
                #expect(refusal?.message.contains(name) == true)
            }
            let grows = try await bench.refusal("clipper.probe", ["media": bench.uri("grows.mkv"), "decode": true])
            #expect(grows.map { $0.kind == .tooLarge } ?? true)
            let header = try await bench.connection.call(
                "clipper.probe", params: ["media": bench.uri("huge.mkv"), "decode": false])
            #expect(header["streams"]?.array?.first?["width"] == 12288)
            let honest = try await bench.connection.call(
                "clipper.probe", params: ["media": bench.uri("honest.mkv"), "decode": true])
            #expect(honest["decoded_ok"] == true && honest["frames"] == 24, "\(honest)")
            let many = try await bench.connection.call(
                "clipper.probe", params: ["media": bench.uri("many.mp4"), "decode": true])
            #expect(many["streams"]?.array?.count == 151 && many["frames"] == 20)
            #expect(many["problems"]?.array?.count == 1, "\(many["problems"] ?? .null)")
            #expect(many["problems"]?.array?.first?.string?.hasPrefix("134 more streams") == true)
            #expect(try bench.peak() < 1600)
        }
    }
}
