// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import JSON
import JSONRPC
import Testing

/// Media files with extreme numbers in their headers: clipper and stitcher go on serving.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HostileMediaTests {
    private static let expected: Set<ErrorKind> = [.corruptMedia, .tooLarge, .invalidParams]
    private static let films: Set<String> = ["mkv", "mp4", "webm"]
    private static let sounds: Set<String> = ["wav", "ogg", "opus", "flac", "mp3"]

    /// Runs `body` with a service and the names of the files of `Hostile/hostile.py`.
    private func with(_ service: String, _ body: (MediaServiceFixture, [String]) async throws -> Void) async throws {
        try await MediaServiceFixture.with(service, script: "hostile.py") { try await body($0, $0.names) }
    }

    private func kind(_ name: String) -> String { String(name.split(separator: ".").last ?? "") }

    private func isFilm(_ name: String) -> Bool { Self.films.contains(kind(name)) && !name.hasPrefix("voice") }

    /// Whether a file is sound or a film; the film without a fault, whose pictures are large, is not one of them.
    private func isMedia(_ name: String) -> Bool {
        (Self.films.contains(kind(name)) || Self.sounds.contains(kind(name))) && name != "honest.mkv"
    }

    @Test
    func `no number in a header ends the clipper, and errors blame the file`() async throws {
        try await with("clipper") { fixture, names in
            for name in names where isMedia(name) {
                var calls: [(String, JSONValue)] = [
                    ("clipper.probe", ["media": fixture.uri(name), "decode": true]),
                    (
                        "clipper.replace_audio",
                        [
                            "clip": fixture.uri("base.mp4"), "audio": fixture.uri(name),
                            "output": fixture.uri("out/2.mp4"),
                            "duration": 2,
                        ]
                    ),
                ]
                if isFilm(name) {
                    calls += [
                        (
                            "clipper.probe",
                            [
                                "media": fixture.uri(name), "report": true, "thorough": true,
                                "narrations": [["segment_id": "a", "duration": 1, "audio": fixture.uri("size.wav")]],
                            ]
                        ),
                        (
                            "clipper.replace_audio",
                            [
                                "clip": fixture.uri(name), "audio": fixture.uri("size.wav"),
                                "output": fixture.uri("out/1.mp4"),
                            ]
                        ), ("clipper.convert", ["media": fixture.uri(name), "output": fixture.uri("out/4.mp4")]),
                        (
                            "clipper.convert",
                            ["media": fixture.uri(name), "output": fixture.uri("out/5.mp4"), "duration": 0.5]
                        ),
                    ]
                }
                for (method, params) in calls {
                    let refusal = try await fixture.refusal(method, params)
                    #expect(refusal.map { Self.expected.contains($0.kind) } ?? true, "\(name) \(method): \(refusal!)")
                    // The error names the input, not the file that is being written.
                    #expect(refusal?.message.contains(".tmp") != true, "\(name) \(method): \(refusal!)")
                }
            }
            let endless = try await fixture.refusal(
                "clipper.convert",
                ["media": fixture.uri("both-ends.mkv"), "output": fixture.uri("out/6.mp4"), "encode": true])
            #expect(endless?.kind == .tooLarge, "\(String(describing: endless))")
            // Two timestamps a day apart do not make a film of a day.
            let sparse = try await fixture.refusal(
                "clipper.convert",
                ["media": fixture.uri("sparse.mkv"), "output": fixture.uri("out/6.mp4"), "encode": true])
            #expect(sparse?.kind == .corruptMedia, "\(String(describing: sparse))")
            for name in names where name.hasPrefix("bomb.") {
                let refusal = try await fixture.refusal(
                    "clipper.create",
                    [
                        "image": fixture.uri(name), "duration": 1, "output": fixture.uri("out/3.mp4"), "width": 320,
                        "height": 180,
                    ])
                #expect(refusal?.kind == .tooLarge, "\(name): \(String(describing: refusal))")
            }
            #expect(try fixture.peakMemory() < 1600)
        }
    }

    @Test
    func `no number in a clip's or a narration's header ends the stitcher`() async throws {
        try await with("stitcher") { fixture, names in
            for name in names where isMedia(name) {
                let asClip = isFilm(name) ? [(name, "size.wav")] : []
                for (clip, audio) in asClip + [("base.mp4", name)] {
                    let refusal = try await fixture.refusal(
                        "stitcher.stitch",
                        [
                            "clips": [
                                [
                                    "clip": fixture.uri(clip), "segment_id": "a", "duration": 0.5,
                                    "audio": fixture.uri(audio),
                                ],
                                ["clip": fixture.uri("base.mp4"), "segment_id": "b", "duration": 0.5],
                            ], "output": fixture.uri("out/film.mp4"), "mode": "fade", "fade": 0.2, "width": 64,
                            "height": 64,
                            "fps": 24,
                        ])
                    #expect(refusal.map { Self.expected.contains($0.kind) } ?? true, "\(name): \(refusal!)")
                }
            }
            #expect(try fixture.peakMemory() < 1600)
        }
    }

    @Test
    func `pictures beyond the bound, their references and too many streams are reported, not decoded`() async throws {
        try await with("clipper") { fixture, _ in
            for name in ["huge.mkv", "references.mkv"] {
                let refusal = try await fixture.refusal("clipper.probe", ["media": fixture.uri(name), "decode": true])
                #expect(refusal?.kind == .tooLarge, "\(name): \(String(describing: refusal))")
                #expect(refusal?.message.contains(name) == true)
            }
            let grows = try await fixture.refusal("clipper.probe", ["media": fixture.uri("grows.mkv"), "decode": true])
            #expect(grows.map { $0.kind == .tooLarge } ?? true)
            let header = try await fixture.connection.call(
                "clipper.probe", params: ["media": fixture.uri("huge.mkv"), "decode": false])
            #expect(header["streams"]?.array?.first?["width"] == 12288)
            let honest = try await fixture.connection.call(
                "clipper.probe", params: ["media": fixture.uri("honest.mkv"), "decode": true])
            #expect(honest["decoded_ok"] == true && honest["frames"] == 24, "\(honest)")
            let many = try await fixture.connection.call(
                "clipper.probe", params: ["media": fixture.uri("many.mp4"), "decode": true])
            #expect(many["streams"]?.array?.count == 151 && many["frames"] == 20)
            #expect(many["problems"]?.array?.count == 1, "\(many["problems"] ?? .null)")
            #expect(many["problems"]?.array?.first?.string?.hasPrefix("134 streams were skipped: ") == true)
            #expect(try fixture.peakMemory() < 1600)
        }
    }
}
