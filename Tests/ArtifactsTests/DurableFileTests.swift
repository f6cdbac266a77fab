// SPDX-License-Identifier: Apache-2.0

import Faults
import Foundation
import Glibc
import TestSupport
import Testing

@testable import Artifacts

@Suite(.timeLimit(.minutes(1))) struct DurableFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = TemporaryPath.new("durable")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o7777 : 0
    }

    @Test
    func `a file is replaced atomically with private permissions, without leftover files`() throws {
        try withFolder { folder in
            let path = "\(folder)/a.json"
            try DurableFile.write(Data("one".utf8), to: path)
            try DurableFile.write(Data("two".utf8), to: path)
            #expect(FileManager.default.contents(atPath: path) == Data("two".utf8))
            #expect(mode(path) == 0o600)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a.json"])
        }
    }

    @Test
    func `a failed write preserves the old file and leaves no temporary file`() throws {
        try withFolder { folder in
            let path = "\(folder)/a"
            // A folder that is not empty cannot be replaced by a file.
            try FileManager.default.createDirectory(atPath: "\(path)/b", withIntermediateDirectories: true)
            #expect(throws: ServiceError.self) { try DurableFile.write(Data("x".utf8), to: path) }
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["a"])
            #expect(throws: ServiceError.self) { try DurableFile.write(Data(), to: "\(folder)/missing/a") }
            #expect(throws: ServiceError.self) { try DurableFile.makeFolder("/proc/none/a") }
        }
    }

    @Test
    func `the longest possible file name is supported`() throws {
        try withFolder { folder in
            let path = "\(folder)/\(String(repeating: "ü", count: 127))"
            try DurableFile.write(Data("x".utf8), to: path)
            #expect(FileManager.default.contents(atPath: path) == Data("x".utf8))
        }
    }

    @Test(arguments: [("/a/b", "/a"), ("/a/b/", "/a"), ("/a", "/"), ("a", "."), ("a/b", "a"), ("/", "/")])
    func `the parent folder of a path is computed`(_ path: String, _ folder: String) {
        #expect(DurableFile.folder(of: path) == folder)
    }

    @Test
    func `private folders are created private, and permissions of existing ones are restricted`() throws {
        try withFolder { folder in
            let path = "\(folder)/state/service"
            try PrivateFolder.make(path)
            #expect(mode(path) == 0o700)
            #expect(mode("\(folder)/state") == 0o700)
            chmod(path, 0o755)
            try Data("x".utf8).write(to: URL(filePath: "\(path)/file"))
            try FileManager.default.createDirectory(atPath: "\(path)/inner", withIntermediateDirectories: true)
            try Data("x".utf8).write(to: URL(filePath: "\(folder)/outside"))
            symlink("\(folder)/outside", "\(path)/link")
            let outside = mode("\(folder)/outside")
            PrivateFolder.restrictPermissions(path)
            #expect(mode(path) == 0o700)
            #expect(mode("\(path)/file") == 0o600)
            #expect(mode("\(folder)/outside") == outside)
        }
    }
}
