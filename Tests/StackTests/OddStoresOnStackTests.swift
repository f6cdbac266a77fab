import Contracts
import Faults
import Foundation
import JSON
import StandIns
import Testing

/// Films in stores that only speak like S3, and with little room for copies, through the real executables.
@Suite(.serialized) struct OddStoresOnStackTests {
    private static let prefix = "films/scaffold_test/u/s"

    /// A film of three segments, one of them with a narration whose name is not what it is when it is decoded.
    private func film(_ quirks: JSONValue, _ more: [String: String] = [:]) async throws {
        let store = try StandIn("s3")
        try store.ask(["quirks": quirks])
        let cache = "/tmp/us-cache-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let environment = [
            "AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_STORE": "s3://films/films", "UNDERSTUDY_CACHE_DIR": cache,
        ].merging(more) { $1 }
        try await LiveStack.with(environment) { stack in
            let list = (1...3).map {
                "{\"id\":\"seg_\($0)\",\"duration\":1,\"visual_guidance\":\"A hill, number \($0)\",\"narration\":\"n\"}"
            }
            try store.ask([
                "put": .string("\(Self.prefix)/agent2/storyboard.json"),
                "body": .string("{\"segments\":[\(list.joined(separator: ","))]}"),
            ])
            let voice = "\(stack.folder)/voice.wav"
            let made = try await Program.run(
                "/usr/bin/ffmpeg",
                ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=0.8:sample_rate=48000", "-y", voice])
            #expect(made.status == 0, "\(made.errors)")
            for number in 1...3 {
                try store.ask([
                    "put": .string("\(Self.prefix)/agent4/seg_\(number)_a+b%20c.wav"), "file": .string(voice),
                ])
            }
            // A file of another tool, whose name has a combining character behind a mark of XML.
            try store.ask(["put": .string("\(Self.prefix)/agent4/R&\u{301}B.txt"), "body": "x"])
            let view = try await stack.job(["width": 320, "height": 180])
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(!view.warnings.contains { $0.contains("narration") }, "\(view.warnings)")
            let film = "\(stack.folder)/film.mp4"
            try store.ask(["get": .string("\(Self.prefix)/agent5/final.mp4"), "file": .string(film)])
            #expect(try await Judge.complaints(film) == "")
            #expect(try await Judge.probe(film).contains("duration=3.0"))
        }
    }

    @Test("a store that refuses checksums, as Backblaze B2 does")
    func checksums() async throws { try await film(["checksums": "refuse", "page": 2]) }

    @Test("a store behind a proxy that weakens tags, ignores ranges and refuses what it does not know")
    func proxy() async throws {
        try await film([
            "etags": "weak", "ranges": "ignore", "part_number": 405, "checksums": "ignore", "lengths": "none",
        ])
    }

    @Test("a store without tags that encodes no keys and cuts lists without a token")
    func lists() async throws {
        try await film(["etags": "none", "encoding": "none", "truncation": "no-token", "page": 2])
    }

    @Test("a store that does not report whether it cuts lists, takes no metadata, and has another tag in each answer")
    func silentLists() async throws {
        try await film(["flag": "none", "page": 2, "meta": "refuse", "etags": "random"])
    }

    @Test("a disk without room for copies keeps no film from being made", .enabled(if: getuid() == 0))
    func smallDisk() async throws {
        let mount = "/tmp/us-small-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: mount) }
        let mounted = try await Program.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mount])
        guard mounted.status == 0 else {
            Issue.record("no tmpfs can be mounted here: \(mounted.errors)")
            return
        }
        do {
            try await film([:], ["UNDERSTUDY_CACHE_DIR": mount, "UNDERSTUDY_CACHE_BYTES": "65536"])
        } catch {
            _ = try await Program.run("/usr/bin/umount", ["-l", mount])
            throw error
        }
        _ = try await Program.run("/usr/bin/umount", ["-l", mount])
    }
}
