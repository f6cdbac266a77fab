import Contracts
import Foundation
import JSONRPC
import ServicePool
import Testing

/// Files whose headers lie, through the real clipper and stitcher: whatever a file states, the process goes on.
@Suite(.serialized, .timeLimit(.minutes(10))) struct HostileMediaTests {
    /// One service as an executable of its own.
    private struct Bench {
        let stack: LiveStack
        let service: Program
        let connection: RPCConnection

        func uri(_ name: String) -> JSONValue { .string("file://\(stack.store)/\(name)") }

        /// - Returns: what the call was refused with; `nil` where it succeeded.
        func refusal(_ method: String, _ params: JSONValue) async throws -> ServiceError? {
            do {
                _ = try await connection.call(method, params: params)
                return nil
            } catch let error as ServiceError {
                return error
            }
        }

        /// Megabytes that the service took at most.
        func peak() throws -> Int {
            let text = try String(contentsOfFile: "/proc/\(service.identifier)/status", encoding: .utf8)
            let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
            return (line?.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) } ?? .max) / 1024
        }
    }

    /// Runs `body` on one service, beside a folder of hostile files in the store.
    private func with(_ name: String, _ body: (Bench, [String]) async throws -> Void) async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let script = Bundle.module.bundlePath + "/Hostile/hostile.py"
        let made = try await Program.run("/usr/bin/python3", [script, stack.store])
        try #require(made.status == 0, "\(made.errors)")
        let service = try await Program(name, environment: stack.environment)
        try #require(await Program.comes { stack.run.instances(of: name) == ["one"] })
        let connection = try await RPCConnection.connect(
            to: try stack.run.socketPath(service: name, instance: "one"), patience: .seconds(20))
        let bench = Bench(stack: stack, service: service, connection: connection)
        let names = try FileManager.default.contentsOfDirectory(atPath: stack.store).sorted()
        do {
            try await body(bench, names)
            #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        } catch {
            service.signal(SIGKILL)
            _ = await service.ended()
            throw error
        }
        service.signal(SIGTERM)
        #expect(await service.ended().status == 0)
    }

    private static let expected: Set<ErrorKind> = [.corruptMedia, .tooLarge, .invalidParams]

    @Test("no number in a header ends the clipper, and what it cannot use is the file's fault")
    func clipper() async throws {
        try await with("clipper") { bench, names in
            for name in names where name.hasSuffix(".mkv") || name.hasSuffix(".mp4") || name.hasSuffix(".wav") {
                for (method, params) in [
                    ("clipper.probe", ["media": bench.uri(name), "decode": true]),
                    (
                        "clipper.probe",
                        [
                            "media": bench.uri(name), "report": true,
                            "narrations": [["segment_id": "a", "duration": 1, "audio": bench.uri("size.wav")]],
                        ]
                    ),
                    (
                        "clipper.replace_audio",
                        ["clip": bench.uri(name), "audio": bench.uri("size.wav"), "output": bench.uri("out/1.mp4")]
                    ),
                    (
                        "clipper.replace_audio",
                        [
                            "clip": bench.uri("base.mp4"), "audio": bench.uri(name), "output": bench.uri("out/2.mp4"),
                            "duration": 2,
                        ]
                    ),
                ] as [(String, JSONValue)] {
                    let refusal = try await bench.refusal(method, params)
                    #expect(refusal.map { Self.expected.contains($0.kind) } ?? true, "\(name) \(method): \(refusal!)")
                }
            }
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
            for name in names where name.hasSuffix(".mkv") || name.hasSuffix(".mp4") || name.hasSuffix(".wav") {
                for (clip, audio) in [(name, "size.wav"), ("base.mp4", name)] {
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
