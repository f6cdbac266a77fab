import Foundation
import JSONRPC
import ServicePool
import Testing

/// Colours, orientation and transparency that a source states beside its samples, through the real clipper and stitcher.
@Suite(.serialized, .timeLimit(.minutes(5))) struct SourceColoursTests {
    private static let red = [200, 30, 30]
    private static let grey = [90, 90, 90]

    private struct Bench {
        let stack: LiveStack
        let connection: RPCConnection

        func uri(_ name: String) -> JSONValue { .string("file://\(stack.store)/\(name)") }

        /// Red, green and blue at a place of a film's first picture of 320x180.
        func color(_ name: String, x: Int, y: Int) async throws -> [Int] {
            let raw = "\(stack.store)/\(name).rgb"
            _ = try await Program.run(
                "/usr/bin/ffmpeg",
                [
                    "-v", "error", "-y", "-i", "\(stack.store)/\(name)", "-vf",
                    "scale=in_color_matrix=bt709,format=rgb24,crop=2:2:\(x):\(y)", "-frames:v", "1", "-f", "rawvideo",
                    raw,
                ])
            return try Data(contentsOf: URL(filePath: raw)).prefix(3).map(Int.init)
        }
    }

    private func with(_ name: String, _ body: (Bench, [String]) async throws -> Void) async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let script = Bundle.module.bundlePath + "/Hostile/colours.py"
        let made = try await Program.run("/usr/bin/python3", [script, stack.store])
        try #require(made.status == 0, "\(made.errors)")
        let service = try await Program(name, environment: stack.environment)
        try #require(await Program.comes { stack.run.instances(of: name) == ["one"] })
        let connection = try await RPCConnection.connect(
            to: try stack.run.socketPath(service: name, instance: "one"), patience: .seconds(20))
        let names = try FileManager.default.contentsOfDirectory(atPath: stack.store).sorted()
        do {
            try await body(Bench(stack: stack, connection: connection), names)
        } catch {
            service.signal(SIGKILL)
            _ = await service.ended()
            throw error
        }
        service.signal(SIGTERM)
        #expect(await service.ended().status == 0)
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

    @Test("clips of other primaries show the colours that were meant, and hidden colours stay hidden")
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
            }
        }
    }
}
