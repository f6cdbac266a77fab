// SPDX-License-Identifier: Apache-2.0

import Faults
import FoundationEssentials
import Glibc
import TestSupport
import Testing

@testable import Artifacts

@Suite(.timeLimit(.minutes(5))) struct FileArtifactTests {
    private let artifacts = Artifacts()

    private func withFolder(_ body: (ArtifactURI) async throws -> Void) async throws {
        let path = TemporaryPath.new("art")
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(ArtifactURI(filePath: path))
    }

    @Test
    func `links that lead out of the store are distinguished from links within it`() async throws {
        try await withFolder { folder in
            let store = try folder.appending("store")
            try await artifacts.write(Data("in".utf8), to: try store.appending("a/in.mp4"))
            try await artifacts.write(Data("out".utf8), to: try folder.appending("out.mp4"))
            for (name, target) in [("out", "../out.mp4"), ("in", "a/in.mp4"), ("folder", "..")] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(store.path)/\(name)", withDestinationPath: target)
            }
            try artifacts.confine(try store.appending("in"), to: store, subject: "the film")
            try artifacts.confine(try store.appending("missing"), to: store, subject: "the film")
            for name in ["out", "folder/out.mp4"] {
                let error = #expect(throws: ServiceError.self) {
                    try artifacts.confine(try store.appending(name), to: store, subject: "the film")
                }
                #expect(error?.kind == .unauthorized)
                #expect(error?.message.contains("leads out of") == true)
            }
        }
    }

    @Test
    func `an artifact appears atomically, and is unchanged after a failed write`() async throws {
        try await withFolder { folder in
            let file = try folder.appending("a/b.txt")
            try await artifacts.write(Data("one".utf8), to: file)
            #expect(try await artifacts.read(file, maximum: 100) == Data("one".utf8))
            await #expect(throws: ServiceError.self) {
                try await artifacts.output(file) { path in
                    try Data("half".utf8).write(to: URL(filePath: path))
                    throw ServiceError(.internal, "stop")
                }
            }
            #expect(try await artifacts.read(file, maximum: 100) == Data("one".utf8))
            #expect(try await artifacts.list(try folder.appending("a")).map(\.name) == ["b.txt"])
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/a") == ["b.txt"])
        }
    }

    @Test
    func `missing and oversized files are errors`() async throws {
        try await withFolder { folder in
            let file = try folder.appending("x")
            #expect(try await artifacts.info(file) == nil)
            let missing = await #expect(throws: ServiceError.self) { try await artifacts.localPath(file) }
            #expect(missing?.kind == .notFound)
            try await artifacts.write(Data(count: 10), to: file)
            let large = await #expect(throws: ServiceError.self) { try await artifacts.read(file, maximum: 9) }
            #expect(large?.kind == .tooLarge)
        }
    }

    @Test
    func `old temporary files are swept, recent ones are preserved`() async throws {
        try await withFolder { folder in
            try await artifacts.write(Data("x".utf8), to: try folder.appending("keep.txt"))
            for name in [".a.1.tmp", ".b.2.tmp"] {
                #expect(FileManager.default.createFile(atPath: "\(folder.path)/\(name)", contents: nil))
            }
            var times = [timeval(tv_sec: 0, tv_usec: 0), timeval(tv_sec: 0, tv_usec: 0)]
            utimes("\(folder.path)/.a.1.tmp", &times)
            try await artifacts.sweep(folder, olderThan: 60)
            #expect(
                try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() == [".b.2.tmp", "keep.txt"])
        }
    }

    @Test
    func `content keys distinguish the boundaries of fields`() {
        #expect(ContentKey(["a": "bc"]) != ContentKey(["ab": "c"]))
        #expect(ContentKey(["a": "b"]).text.count == 64)
    }
}
