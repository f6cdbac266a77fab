// SPDX-License-Identifier: Apache-2.0

import Calls
import Faults
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Artifacts

/// Paths of special files, symbolic links, and files outside of the allowed folders.
@Suite(.timeLimit(.minutes(1))) struct UntrustedPathTests {
    private let artifacts = Artifacts()

    private func withFolder(_ body: (String) async throws -> Void) async throws {
        let path = TemporaryPath.new("path")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(path)
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: target)
    }

    private func type(_ path: String) -> UInt32 {
        var status = stat()
        return lstat(path, &status) == 0 ? status.st_mode & S_IFMT : 0
    }

    @Test
    func `files of pseudo file systems are not read, by path or through links`() async throws {
        try await withFolder { folder in
            for (index, path) in ["/proc/self/environ", "/proc/kmsg", "/sys/kernel/uevent_seqnum"].enumerated()
            where type(path) == S_IFREG {
                try link("\(folder)/\(index)", to: path)
                for name in [path, "\(folder)/\(index)"] {
                    let uri = ArtifactURI(filePath: name)
                    let read = await #expect(throws: ServiceError.self) { try await artifacts.read(uri, maximum: 9) }
                    #expect(read?.kind == .invalidParams, "\(name): \(read?.message ?? "")")
                    let opened = await #expect(throws: ServiceError.self) { try await artifacts.localPath(uri) }
                    #expect(opened?.kind == .invalidParams && opened?.message.contains("kernel") == true, "\(name)")
                    let copied = await #expect(throws: ServiceError.self) {
                        try await artifacts.copy(uri, to: ArtifactURI(filePath: "\(folder)/copy"))
                    }
                    #expect(copied?.kind == .invalidParams, "\(name)")
                }
            }
            // In-memory file systems are allowed.
            let memory = "/dev/shm/us-\(UInt64.random(in: 0...UInt64.max))"
            defer { unlink(memory) }
            if (try? Data("bytes".utf8).write(to: URL(filePath: memory))) != nil {
                #expect(try await artifacts.read(ArtifactURI(filePath: memory), maximum: 9) == Data("bytes".utf8))
            }
        }
    }

    @Test
    func `a folder that links out of the store is neither written to nor swept`() async throws {
        try await withFolder { folder in
            try FileManager.default.createDirectory(atPath: "\(folder)/store", withIntermediateDirectories: true)
            try FileManager.default.createDirectory(atPath: "\(folder)/other", withIntermediateDirectories: true)
            try Data().write(to: URL(filePath: "\(folder)/other/.left.tmp"))
            try Data("bytes".utf8).write(to: URL(filePath: "\(folder)/source"))
            try link("\(folder)/store/session", to: "\(folder)/other")
            try link("\(folder)/other/file", to: "\(folder)/source")
            for list in [nil, "\(folder)/other"] {
                let artifacts = try Artifacts(
                    store: "file://\(folder)/store", environment: list.map { [ArtifactPolicy.variable: $0] } ?? [:])
                let session = ArtifactURI(filePath: "\(folder)/store/session")
                let operations: [@Sendable () async throws -> Void] = [
                    { try await artifacts.sweep(session, olderThan: 0) },
                    { try await artifacts.write(Data("new".utf8), to: try session.appending("new")) },
                    {
                        try await artifacts.copy(
                            ArtifactURI(filePath: "\(folder)/source"), to: try session.appending("file"))
                    },
                ]
                for operation in operations {
                    var kind: ErrorKind?
                    do { try await operation() } catch { kind = ServiceError(wrapping: error).kind }
                    #expect(kind == (list == nil ? ErrorKind.unauthorized : nil))
                }
                let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/other").sorted()
                #expect(names == (list == nil ? [".left.tmp", "file"] : ["file", "new"]))
                #expect(type("\(folder)/other/file") == (list == nil ? S_IFLNK : S_IFREG))
            }
        }
    }

    @Test
    func `pipes, folders, sockets and devices are neither opened nor replaced nor removed`() async throws {
        try await withFolder { folder in
            try await artifacts.write(Data("bytes".utf8), to: ArtifactURI(filePath: "\(folder)/file"))
            #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
            #expect(mkdir("\(folder)/folder", 0o700) == 0)
            #expect(mknod("\(folder)/socket", S_IFSOCK | 0o600, 0) == 0)
            var names = ["pipe", "folder", "socket"]
            // Only root can create a device node.
            if mknod("\(folder)/zero", S_IFCHR | 0o600, 0x105) == 0 { names.append("zero") }
            for name in names { try link("\(folder)/to-\(name)", to: name) }
            for name in names + names.map({ "to-\($0)" }) {
                let uri = ArtifactURI(filePath: "\(folder)/\(name)")
                let before = type(uri.path)
                let written = await #expect(throws: ServiceError.self) { try await artifacts.write(Data(), to: uri) }
                #expect(written?.kind == .conflict, "\(name): \(written?.message ?? "")")
                let source = ArtifactURI(filePath: "\(folder)/file")
                let copied = await #expect(throws: ServiceError.self) { try await artifacts.copy(source, to: uri) }
                #expect(copied?.kind == .conflict)
                let target = #expect(throws: ServiceError.self) {
                    try artifacts.target(uri.description, at: "/output")
                }
                #expect(target?.kind == .conflict)
                let read = await #expect(throws: ServiceError.self) { try await artifacts.read(uri, maximum: 9) }
                #expect(read?.kind == .invalidParams)
                let opened = await #expect(throws: ServiceError.self) { try await artifacts.localPath(uri) }
                #expect(opened?.kind == .invalidParams)
                if !name.hasPrefix("to-") {
                    await #expect(throws: ServiceError.self) { try await artifacts.remove(uri) }
                }
                #expect(type(uri.path) == before)
            }
        }
    }

    @Test
    func `links are followed: copies contain the target's bytes, and writes replace the target`() async throws {
        try await withFolder { folder in
            let real = ArtifactURI(filePath: "\(folder)/real.mp4")
            try await artifacts.write(Data("film".utf8), to: real)
            try link("\(folder)/film.mp4", to: "real.mp4")
            let named = ArtifactURI(filePath: "\(folder)/film.mp4")
            let final = ArtifactURI(filePath: "\(folder)/other/final.mp4")
            try await artifacts.copy(named, to: final)
            #expect(type(final.path) == S_IFREG)
            #expect(try await artifacts.read(final, maximum: 9) == Data("film".utf8))
            #expect(try await artifacts.localPath(named) == real.path)
            try await artifacts.write(Data("new".utf8), to: named)
            #expect(type(named.path) == S_IFLNK)
            #expect(try await artifacts.read(real, maximum: 9) == Data("new".utf8))
            // A link to the source of the copy becomes a file.
            try await artifacts.copy(real, to: named)
            #expect(type(named.path) == S_IFREG)
            #expect(try await artifacts.read(named, maximum: 9) == Data("new".utf8))
            try link("\(folder)/dangling", to: "missing")
            let dangling = ArtifactURI(filePath: "\(folder)/dangling")
            let error = await #expect(throws: ServiceError.self) { try await artifacts.write(Data(), to: dangling) }
            #expect(error?.kind == .conflict)
            try await artifacts.remove(dangling)
            #expect(type(dangling.path) == 0)
        }
    }

    @Test
    func `a large file is copied completely, with default permissions`() async throws {
        try await withFolder { folder in
            let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
            try bytes.write(to: URL(filePath: "\(folder)/a"))
            #expect(chmod("\(folder)/a", 0o400) == 0)
            let copy = ArtifactURI(filePath: "\(folder)/b")
            try await artifacts.copy(ArtifactURI(filePath: "\(folder)/a"), to: copy)
            #expect(try await artifacts.read(copy, maximum: 1 << 22) == bytes)
            #expect(access(copy.path, W_OK) == 0)
        }
    }

    @Test
    func `confined callers may access the store and the listed folders only, after resolving links`() async throws {
        try await withFolder { folder in
            for name in ["store", "extra", "store2"] { #expect(mkdir("\(folder)/\(name)", 0o700) == 0) }
            for file in ["store/a", "extra/a", "store2/a"] {
                try Data("x".utf8).write(to: URL(filePath: "\(folder)/\(file)"))
            }
            try link("\(folder)/store/out", to: "../store2/a")
            try link("\(folder)/store/extra", to: "../extra")
            try link("\(folder)/store/dangling", to: "/nowhere/at/all")
            let store = ArtifactURI(filePath: "\(folder)/store")
            func isAllowed(_ policy: ArtifactPolicy, _ name: String, confined: Bool) -> Bool {
                let uri = ArtifactURI(filePath: "\(folder)/\(name)")
                return (try? policy.check(uri, "it", isConfined: confined)) != nil
            }
            let plain = try ArtifactPolicy(store: store, list: nil)
            for name in ["store/a", "store/new/deep.mp4"] { #expect(isAllowed(plain, name, confined: true), "\(name)") }
            for name in ["store2/a", "extra/a", "store/out", "store/extra/a", "store/dangling", "new"] {
                #expect(!isAllowed(plain, name, confined: true), "\(name)")
                #expect(isAllowed(plain, name, confined: false), "\(name)")
            }
            let listed = try ArtifactPolicy(store: store, list: "\(folder)/extra:s3://films/in")
            for confined in [true, false] {
                for name in ["store/a", "extra/a", "extra/new", "store/extra/a"] {
                    #expect(isAllowed(listed, name, confined: confined), "\(name)")
                }
                for name in ["store2/a", "store/out"] {
                    #expect(!isAllowed(listed, name, confined: confined), "\(name)")
                }
            }
            #expect((try? listed.check(try ArtifactURI("s3://films/in/x.mp3"), "it", isConfined: true)) != nil)
            #expect((try? listed.check(try ArtifactURI("s3://films/x.mp3"), "it", isConfined: true)) == nil)
            // A name in the store is never written outside of the allowed folders.
            #expect(throws: ServiceError.self) {
                try plain.checkTarget(ArtifactURI(filePath: "\(folder)/store/out"), "it")
            }
            let invalid = #expect(throws: ServiceError.self) { try ArtifactPolicy(store: store, list: "films") }
            #expect(invalid?.message.hasPrefix("UNDERSTUDY_ALLOW_PATHS: ") == true)
        }
    }

    @Test
    func `callers of another user are confined`() throws {
        let policy = try ArtifactPolicy(store: ArtifactURI(filePath: "/nowhere/store"), list: nil)
        let file = ArtifactURI(filePath: "/etc/hostname")
        try CallContext.$current.withValue(CallContext(peer: Peer(pid: 1, uid: getuid(), gid: 0))) {
            try policy.check(file, "it", isConfined: false)
        }
        CallContext.$current.withValue(CallContext(peer: Peer(pid: 1, uid: getuid() + 1, gid: 0))) {
            let error = #expect(throws: ServiceError.self) { try policy.check(file, "it", isConfined: false) }
            #expect(error?.kind == .unauthorized)
        }
    }
}
