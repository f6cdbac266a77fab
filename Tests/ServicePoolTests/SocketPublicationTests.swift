// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import ServicePool

@Suite(.timeLimit(.minutes(1))) struct SocketPublicationTests {
    /// Runs `body` with a run directory that is removed afterwards.
    private func withDirectory(_ body: (RunDirectory) throws -> Void) rethrows {
        let path = TemporaryPath.new("run")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(RunDirectory(path: path))
    }

    private func mode(_ path: String) -> UInt32 {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test
    func `the run directory is resolved from its variables in order`() {
        #expect(RunDirectory.resolve(environment: ["UNDERSTUDY_RUN_DIR": "/a", "XDG_RUNTIME_DIR": "/b"]).path == "/a")
        #expect(RunDirectory.resolve(environment: ["XDG_RUNTIME_DIR": "/b"]).path == "/b/understudy")
        #expect(RunDirectory.resolve(environment: [:]).path == "/tmp/understudy-\(getuid())")
    }

    @Test
    func `directories are created with mode 0770 regardless of the umask`() throws {
        try withDirectory { directory in
            try directory.prepare(service: "clipper")
            #expect(mode(directory.path) == 0o770)
            #expect(mode(directory.folder(of: "clipper")) == 0o770)
        }
    }

    @Test
    func `a run directory that is a symbolic link is rejected`() {
        withDirectory { directory in
            symlink("/tmp", directory.path)
            let error = #expect(throws: ServiceError.self) { try directory.prepare() }
            #expect(error?.kind == .unauthorized)
            unlink(directory.path)
        }
    }

    @Test
    func `a socket path of more than 103 bytes is an error that names the setting`() throws {
        let base = RunDirectory(path: "/" + String(repeating: "d", count: 80))
        let available = RunDirectory.maximumSocketPath - base.path.utf8.count - "/clipper/.sock".utf8.count
        #expect(
            try base.socketPath(service: "clipper", instance: String(repeating: "i", count: available)).utf8.count
                == 103)
        let error = #expect(throws: ServiceError.self) {
            try base.socketPath(service: "clipper", instance: String(repeating: "i", count: available + 1))
        }
        #expect(error?.message.contains("UNDERSTUDY_RUN_DIR") == true)
        #expect(throws: ServiceError.self) { try base.socketPath(service: "clipper", instance: "../x") }
    }

    @Test
    func `the name of a living process is rejected, the name of a dead one is reused`() throws {
        try withDirectory { directory in
            var first: SocketPublication? = try SocketPublication(service: "s", instance: "i", in: directory)
            let path = try directory.socketPath(service: "s", instance: "i")
            #expect(throws: ServiceError.self) { _ = try SocketPublication(service: "s", instance: "i", in: directory) }
            #expect(FileManager.default.createFile(atPath: path, contents: nil))
            _ = first
            first = nil
            _ = try SocketPublication(service: "s", instance: "i", in: directory)
            #expect(access(path, F_OK) != 0)
        }
    }

    @Test
    func `the files of dead replicas are removed, those of living ones are not`() throws {
        try withDirectory { directory in
            let living = try SocketPublication(service: "s", instance: "living", in: directory)
            let dead = try SocketPublication(service: "s", instance: "dead", in: directory).path
            for path in [living.path, dead] { #expect(FileManager.default.createFile(atPath: path, contents: nil)) }
            let new = try SocketPublication(service: "s", instance: "new", in: directory)
            #expect(new.removed == ["dead"])
            #expect(directory.instances(of: "s") == ["living"])
            #expect(access("\(directory.folder(of: "s"))/dead.lock", F_OK) != 0)
            #expect(try SocketPublication(service: "s", instance: "dead", in: directory).removed.isEmpty)
        }
    }

    @Test
    func `a second replica of a singleton is rejected while the first one lives`() throws {
        try withDirectory { directory in
            var first: SocketPublication? = try SocketPublication(
                service: "s", instance: "a", isSingleton: true, in: directory)
            let error = #expect(throws: ServiceError.self) {
                _ = try SocketPublication(service: "s", instance: "b", isSingleton: true, in: directory)
            }
            #expect(error?.kind == .conflict && error?.message.contains("UNDERSTUDY_RUN_DIR") == true)
            _ = first
            first = nil
            _ = try SocketPublication(service: "s", instance: "b", isSingleton: true, in: directory)
        }
    }
}
