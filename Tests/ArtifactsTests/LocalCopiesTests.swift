import AWS
import Faults
import Foundation
import Testing

@testable import Artifacts

/// Copies of objects on this machine: how many there are, and that an object is read whatever room there is.
@Suite struct LocalCopiesTests {
    private let root = "/tmp/us-copies-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    private func copies(_ maximum: Int, _ root: String? = nil) -> LocalCopies {
        LocalCopies(
            environment: ["UNDERSTUDY_CACHE_DIR": root ?? self.root, "UNDERSTUDY_CACHE_BYTES": String(maximum)])
    }

    private func bring(
        _ copies: LocalCopies, _ name: String, size: Int, identity: String? = "x"
    ) async throws -> LocalFile {
        try await copies.bring(try ArtifactURI("s3://films/\(name)"), identity: identity, size: size) { path in
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

    @Test("the least recently used go where there are more bytes than UNDERSTUDY_CACHE_BYTES; what is in use stays")
    func bound() async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(250)
        var used: LocalFile? = try await bring(copies, "used", size: 100)
        let path = try #require(used?.path)
        try age(path, by: 900)
        let old = try await bring(copies, "old", size: 100).path
        try age(old, by: 600)
        let new = try await bring(copies, "new", size: 100).path
        #expect(FileManager.default.fileExists(atPath: path) && !FileManager.default.fileExists(atPath: old))
        // Another service of this machine does not remove it either.
        let other = try await bring(self.copies(200), "other", size: 100).path
        #expect(FileManager.default.fileExists(atPath: path) && FileManager.default.fileExists(atPath: other))
        #expect(!FileManager.default.fileExists(atPath: new))
        #expect(used != nil)
        used = nil
        _ = try await bring(copies, "next", size: 100)
        _ = try await bring(copies, "last", size: 100)
        #expect(names().count == 2 && !FileManager.default.fileExists(atPath: path))
    }

    @Test("more than the bound is there while it is in use, and no longer")
    func overfull() async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(250)
        var used: [LocalFile] = []
        for name in ["a", "b", "c", "d"] { used.append(try await bring(copies, name, size: 100)) }
        #expect(names().count == 4)
        used.removeAll()
        #expect(names().count == 2)
    }

    @Test("what is larger than the bound, or has no identity, is read and not kept", arguments: [0, 99, 1000])
    func passing(_ maximum: Int) async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(maximum)
        for identity in [maximum < 100 ? "x" : nil, nil] {
            var file: LocalFile? = try await bring(copies, "large", size: 100, identity: identity)
            let path = try #require(file?.path)
            #expect(try Data(contentsOf: URL(filePath: path)).count == 100)
            #expect(copies.find(try ArtifactURI("s3://films/large"), identity: identity, size: 100) == nil)
            file = nil
            #expect(file == nil && !FileManager.default.fileExists(atPath: path))
        }
        #expect(names().isEmpty)
        let empty = try await bring(copies, "empty", size: 0, identity: nil)
        #expect(copies.find(try ArtifactURI("s3://films/empty"), identity: nil, size: 0) == nil && !empty.path.isEmpty)
    }

    @Test("a copy that is in use when the file of the marks is removed is marked in the next one")
    func marks() async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        let copies = copies(100)
        let used = try await bring(copies, "used", size: 100)
        unlink("\(root)/artifacts/.uses")
        _ = try await bring(copies, "more", size: 100)
        #expect(FileManager.default.fileExists(atPath: used.path))
    }

    @Test("a folder that cannot be made keeps nothing from being read")
    func nowhere() async throws {
        let file = try await bring(copies(1000, "/proc/nowhere"), "x", size: 100)
        #expect(try Data(contentsOf: URL(filePath: file.path)).count == 100)
        let written = try await copies(1000, "/proc/nowhere").temporary(try ArtifactURI("s3://films/x")) { path in
            try Data("x".utf8).write(to: URL(filePath: path))
            return path
        }
        #expect(!FileManager.default.fileExists(atPath: written))
    }

    @Test(
        "a full disk gives up copies that nobody uses; what does not fit is read elsewhere", .enabled(if: getuid() == 0)
    )
    func full() async throws {
        let mount = "\(root)/full"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: root) }
        guard try Self.run("/usr/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", mount]) else {
            Issue.record("no tmpfs can be mounted here")
            return
        }
        defer { _ = try? Self.run("/usr/bin/umount", ["-l", mount]) }
        let copies = copies(8 << 30, mount)
        let first = try await bring(copies, "first", size: 700_000).path
        // The first goes for the second.
        let second = try await bring(copies, "second", size: 700_000)
        #expect(!FileManager.default.fileExists(atPath: first) && second.path.hasPrefix(mount))
        // The second is in use: there is room for the third elsewhere only.
        let third = try await bring(copies, "third", size: 700_000)
        #expect(!third.path.hasPrefix(mount) && FileManager.default.fileExists(atPath: second.path))
        let huge = try await bring(copies, "huge", size: 3_000_000)
        for (file, size) in [(second, 700_000), (third, 700_000), (huge, 3_000_000)] {
            #expect(try Data(contentsOf: URL(filePath: file.path)) == Data(repeating: 7, count: size))
        }
        // The disk is filled between the look and the write.
        let filled = try await copies.bring(try ArtifactURI("s3://films/filled"), identity: "x", size: 10) { path in
            guard !path.hasPrefix(mount) else { throw AWSError(file: ENOSPC, "full") }
            try Data("elsewhere".utf8).write(to: URL(filePath: path))
        }
        #expect(try String(contentsOfFile: filled.path, encoding: .utf8) == "elsewhere")
    }

    @Test("a bound that is not a number is refused by name")
    func settings() throws {
        for text in ["much", "-1", "1.5", "8GiB"] {
            let error = #expect(throws: ServiceError.self) {
                try Artifacts(store: "file:///tmp", environment: ["UNDERSTUDY_CACHE_BYTES": text])
            }
            #expect(error?.message.contains("UNDERSTUDY_CACHE_BYTES: expected a number of bytes") == true)
        }
        #expect(try LocalCopies.bytes([:]) == 8 << 30 && LocalCopies.bytes(["UNDERSTUDY_CACHE_BYTES": "0"]) == 0)
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
