// SPDX-License-Identifier: Apache-2.0

import AWS
import Faults
import Foundation
import TestSupport
import Testing

@testable import Artifacts

/// Local copies of objects: the size limit, and reading objects without sufficient free space.
@Suite(.timeLimit(.minutes(5))) struct LocalCopiesTests {
    private let root = TemporaryPath.new("copies")

    private func copies(_ maximum: Int, _ root: String? = nil) -> LocalCopies {
        LocalCopies(
            environment: ["UNDERSTUDY_CACHE_DIR": root ?? self.root, "UNDERSTUDY_CACHE_BYTES": String(maximum)])
    }

    private func fetch(
        _ copies: LocalCopies, _ name: String, size: Int, identity: String? = "x"
    ) async throws -> LocalFile {
        try await copies.fetch(try ArtifactURI("s3://films/\(name)"), identity: identity, size: size) { path in
            guard FileManager.default.createFile(atPath: path, contents: nil),
                let file = FileHandle(forWritingAtPath: path)
            else { throw AWSError(file: errno, "\(path) cannot be opened") }
            do {
                try file.write(contentsOf: Data(repeating: 7, count: size))
                try file.close()
            } catch {
                throw AWSError(file: ENOSPC, "\(path) cannot be written")
            }
        }
    }

    private func names(_ root: String? = nil) -> [String] {
        let all = try? FileManager.default.contentsOfDirectory(atPath: "\(root ?? self.root)/artifacts")
        return (all ?? []).filter { !$0.hasPrefix(".") }
    }

    private func age(_ path: String, by seconds: Double) throws {
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -seconds)], ofItemAtPath: path)
    }

    @Test
    func `the least recently used copies over UNDERSTUDY_CACHE_BYTES are removed, except those in use`() async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(250)
        var used: LocalFile? = try await fetch(copies, "used", size: 100)
        let path = try #require(used?.path)
        try age(path, by: 900)
        let old = try await fetch(copies, "old", size: 100).path
        try age(old, by: 600)
        let new = try await fetch(copies, "new", size: 100).path
        #expect(FileManager.default.fileExists(atPath: path) && !FileManager.default.fileExists(atPath: old))
        // Other services on this machine do not remove it either.
        let other = try await fetch(self.copies(200), "other", size: 100).path
        #expect(FileManager.default.fileExists(atPath: path) && FileManager.default.fileExists(atPath: other))
        #expect(!FileManager.default.fileExists(atPath: new))
        #expect(used != nil)
        used = nil
        _ = try await fetch(copies, "next", size: 100)
        _ = try await fetch(copies, "last", size: 100)
        #expect(names().count == 2 && !FileManager.default.fileExists(atPath: path))
    }

    @Test
    func `the limit may be exceeded only while copies are in use`() async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(250)
        var used: [LocalFile] = []
        for name in ["a", "b", "c", "d"] { used.append(try await fetch(copies, name, size: 100)) }
        #expect(names().count == 4)
        used.removeAll()
        #expect(names().count == 2)
    }

    @Test(arguments: [0, 99, 1000])
    func `objects over the limit or without an identity are read but not cached`(_ maximum: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(maximum)
        for identity in [maximum < 100 ? "x" : nil, nil] {
            var file: LocalFile? = try await fetch(copies, "large", size: 100, identity: identity)
            let path = try #require(file?.path)
            #expect(try Data(contentsOf: URL(filePath: path)).count == 100)
            #expect(copies.find(try ArtifactURI("s3://films/large"), identity: identity, size: 100) == nil)
            file = nil
            #expect(file == nil && !FileManager.default.fileExists(atPath: path))
        }
        #expect(names().isEmpty)
        let empty = try await fetch(copies, "empty", size: 0, identity: nil)
        #expect(copies.find(try ArtifactURI("s3://films/empty"), identity: nil, size: 0) == nil && !empty.path.isEmpty)
    }

    @Test
    func `a copy in use stays locked after the lock file is removed`() async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(100)
        let used = try await fetch(copies, "used", size: 100)
        unlink("\(root)/artifacts/.uses")
        _ = try await fetch(copies, "more", size: 100)
        #expect(FileManager.default.fileExists(atPath: used.path))
    }

    @Test
    func `objects can be read if the cache folder cannot be created`() async throws {
        let file = try await fetch(copies(1000, "/proc/nowhere"), "x", size: 100)
        #expect(try Data(contentsOf: URL(filePath: file.path)).count == 100)
        let written = try await copies(1000, "/proc/nowhere").temporary(try ArtifactURI("s3://films/x")) { path in
            try Data("x".utf8).write(to: URL(filePath: path))
            return path
        }
        #expect(!FileManager.default.fileExists(atPath: written))
    }

    @Test(
        .enabled(if: getuid() == 0)
    )
    func `unused copies are removed from a full disk, and objects that do not fit use a fallback folder`() async throws
    {
        let mount = "\(root)/full"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        guard try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]) else {
            Issue.record("cannot mount a tmpfs")
            return
        }
        defer { _ = try? Self.run("/usr/bin/umount", ["-l", mount]) }
        let copies = copies(8 << 30, mount)
        let first = try await fetch(copies, "first", size: 700_000).path
        // The first copy is removed to make space for the second.
        let second = try await fetch(copies, "second", size: 700_000)
        #expect(!FileManager.default.fileExists(atPath: first) && second.path.hasPrefix(mount))
        // The second copy is in use, so the third one must be in a fallback folder.
        let third = try await fetch(copies, "third", size: 700_000)
        #expect(!third.path.hasPrefix(mount) && FileManager.default.fileExists(atPath: second.path))
        let huge = try await fetch(copies, "huge", size: 3_000_000)
        for (file, size) in [(second, 700_000), (third, 700_000), (huge, 3_000_000)] {
            #expect(try Data(contentsOf: URL(filePath: file.path)) == Data(repeating: 7, count: size))
        }
        // The disk fills up between the check and the write.
        let filled = try await copies.fetch(try ArtifactURI("s3://films/filled"), identity: "x", size: 10) { path in
            guard !path.hasPrefix(mount) else { throw AWSError(file: ENOSPC, "full") }
            try Data("fallback".utf8).write(to: URL(filePath: path))
        }
        #expect(try String(contentsOfFile: filled.path, encoding: .utf8) == "fallback")
    }

    @Test
    func `an invalid limit is an error that names the variable`() throws {
        for text in ["much", "-1", "1.5", "8GiB"] {
            let error = #expect(throws: ServiceError.self) {
                try Artifacts(store: "file:///tmp", environment: ["UNDERSTUDY_CACHE_BYTES": text])
            }
            #expect(error?.message.contains("UNDERSTUDY_CACHE_BYTES: expected a number of bytes") == true)
        }
        #expect(
            try LocalCopies.configuredBytes([:]) == 8 << 30
                && LocalCopies.configuredBytes(["UNDERSTUDY_CACHE_BYTES": "0"]) == 0)
    }

    private static func run(_ program: String, _ arguments: [String]) throws -> Bool {
        let process = Process()
        process.executableURL = URL(filePath: program)
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus == 0
    }
}
