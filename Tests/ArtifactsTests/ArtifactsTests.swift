import Faults
import FoundationEssentials
import Glibc
import Testing

@testable import Artifacts

@Suite struct ArtifactURITests {
    @Test("URIs name files and buckets, and read back as they were")
    func reading() throws {
        #expect(try ArtifactURI("file:///a/b.png").path == "/a/b.png")
        #expect(try ArtifactURI("file:///a%20b/c").path == "/a b/c")
        #expect(try ArtifactURI("file:///a b/c").description == "file:///a%20b/c")
        #expect(try ArtifactURI("s3://bucket/key/x").path == "bucket/key/x")
        let file = ArtifactURI(filePath: "/tmp/ü 100%#?.png")
        #expect(try ArtifactURI(file.description) == file)
        #expect(try ArtifactURI("file:///store").appending("a/b c").path == "/store/a/b c")
    }

    @Test(
        "what climbs, hides or is no URI is refused",
        arguments: [
            "", "/a/b", "file://a/b", "file:///a/../b", "http://x/y", "file:///", "file:///a%00b", "file:///a/%2e%2e/b",
        ])
    func refused(_ text: String) {
        let error = #expect(throws: ServiceError.self) { try ArtifactURI(text, at: "/image") }
        #expect(error?.message.hasPrefix("/image: expected") == true)
    }

    @Test("only what is in a folder is below it")
    func below() throws {
        let store = try ArtifactURI("file:///store")
        #expect(try ArtifactURI("file:///store/x").isBelow(store))
        #expect(try !ArtifactURI("file:///store2/x").isBelow(store))
    }
}

@Suite struct FileArtifactTests {
    private let artifacts = Artifacts()

    private func withFolder(_ body: (ArtifactURI) async throws -> Void) async throws {
        let path = "/tmp/us-art-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await body(ArtifactURI(filePath: path))
    }

    @Test("a link in the store that leads out of it is told from one that stays within")
    func links() async throws {
        try await withFolder { folder in
            let store = try folder.appending("store")
            try await artifacts.write(Data("in".utf8), to: try store.appending("a/in.mp4"))
            try await artifacts.write(Data("out".utf8), to: try folder.appending("out.mp4"))
            for (name, target) in [("out", "../out.mp4"), ("in", "a/in.mp4"), ("folder", "..")] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(store.path)/\(name)", withDestinationPath: target)
            }
            try artifacts.confine(try store.appending("in"), to: store, whose: "the film")
            try artifacts.confine(try store.appending("missing"), to: store, whose: "the film")
            for name in ["out", "folder/out.mp4"] {
                let error = #expect(throws: ServiceError.self) {
                    try artifacts.confine(try store.appending(name), to: store, whose: "the film")
                }
                #expect(error?.kind == .unauthorized)
                #expect(error?.message.contains("leads out of") == true)
            }
        }
    }

    @Test("an artifact appears whole, and not at all when its maker fails")
    func atomic() async throws {
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

    @Test("what is missing or too large is said so")
    func faults() async throws {
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

    @Test("temporary files of writers that are gone are swept, fresh ones stay")
    func sweep() async throws {
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

    @Test("content keys keep fields apart")
    func keys() {
        #expect(ContentKey(["a": "bc"]) != ContentKey(["ab": "c"]))
        #expect(ContentKey(["a": "b"]).text.count == 64)
    }
}
