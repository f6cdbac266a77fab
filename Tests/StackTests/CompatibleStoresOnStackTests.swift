// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import JSON
import StandIns
import TestSupport
import Testing

/// Films in stores that are only compatible with S3, and with little space for local copies.
@Suite(.serialized, .timeLimit(.minutes(4))) struct CompatibleStoresOnStackTests {
    private static let prefix = "films/scaffold_test/u/s"

    /// Makes a film of three segments, with narrations whose names change if they are percent-decoded.
    ///
    /// - Parameter quirks: The quirks of the store; see `s3.py`.
    private func makeFilm(_ quirks: JSONValue, _ extra: [String: String] = [:]) async throws {
        let store = try StandIn("s3")
        try store.send(["quirks": quirks])
        let cache = TemporaryPath.new("cache")
        defer { try? FileManager.default.removeItem(atPath: cache) }
        let environment = [
            "AWS_ENDPOINT_URL": store.url, "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
            "AWS_REGION": "us-east-1", "UNDERSTUDY_STORE": "s3://films/films", "UNDERSTUDY_CACHE_DIR": cache,
        ].merging(extra) { $1 }
        try await LiveStack.with(environment) { stack in
            let list = (1...3).map {
                "{\"id\":\"seg_\($0)\",\"duration\":1,\"visual_guidance\":\"A hill, number \($0)\",\"narration\":\"n\"}"
            }
            try store.send([
                "put": .string("\(Self.prefix)/agent2/storyboard.json"),
                "body": .string("{\"segments\":[\(list.joined(separator: ","))]}"),
            ])
            let voice = "\(stack.folder)/voice.wav"
            let encoded = try await Program.run(
                "/usr/bin/ffmpeg",
                ["-v", "error", "-f", "lavfi", "-i", "sine=frequency=440:duration=0.8:sample_rate=48000", "-y", voice])
            #expect(encoded.status == 0, "\(encoded.errors)")
            for number in 1...3 {
                try store.send([
                    "put": .string("\(Self.prefix)/agent4/seg_\(number)_a+b%20c.wav"), "file": .string(voice),
                ])
            }
            // The name of this file has a combining character after a character that XML escapes.
            try store.send(["put": .string("\(Self.prefix)/agent4/R&\u{301}B.txt"), "body": "x"])
            let view = try await stack.runJob()
            #expect(view.state == .finished, "\(view.error?.message ?? "")")
            #expect(!view.warnings.contains { $0.contains("narration") }, "\(view.warnings)")
            let film = "\(stack.folder)/film.mp4"
            try store.send(["get": .string("\(Self.prefix)/agent5/final.mp4"), "file": .string(film)])
            #expect(try await FilmInspection.decodingErrors(film) == "")
            #expect(try await FilmInspection.probe(film).contains("duration=3.0"))
        }
    }

    @Test
    func `a store that rejects checksums, as Backblaze B2 does`() async throws {
        try await makeFilm(["checksums": "refuse", "page": 2])
    }

    @Test
    func `a store behind a proxy that weakens ETags, ignores ranges and rejects unknown headers`() async throws {
        try await makeFilm([
            "etags": "weak", "ranges": "ignore", "part_number": 405, "checksums": "ignore", "lengths": "none",
        ])
    }

    @Test
    func `a store without ETags that does not encode keys and truncates lists without a token`() async throws {
        try await makeFilm(["etags": "none", "encoding": "none", "truncation": "no-token", "page": 2])
    }

    @Test
    func `a store that does not report truncated lists, rejects metadata, and changes ETags in each response`()
        async throws
    {
        try await makeFilm(["flag": "none", "page": 2, "meta": "refuse", "etags": "random"])
    }

    @Test(.enabled(if: getuid() == 0))
    func `a film is made without space for local copies`() async throws {
        let mount = TemporaryPath.new("small")
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: mount) }
        let mounted = try await Program.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", mount])
        guard mounted.status == 0 else {
            Issue.record("no tmpfs can be mounted here: \(mounted.errors)")
            return
        }
        do {
            try await makeFilm([:], ["UNDERSTUDY_CACHE_DIR": mount, "UNDERSTUDY_CACHE_BYTES": "65536"])
        } catch {
            _ = try await Program.run("/usr/bin/umount", ["-l", mount])
            throw error
        }
        _ = try await Program.run("/usr/bin/umount", ["-l", mount])
    }
}
