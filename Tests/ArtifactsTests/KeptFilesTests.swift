import Foundation
import Testing

@testable import Artifacts

@Suite struct KeptFilesTests {
    private let folder = "/tmp/us-kept-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// A file of 100 bytes that was used so many seconds ago.
    private func write(_ name: String, idle: Double) throws {
        try Data(count: 100).write(to: URL(filePath: "\(folder)/\(name)"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -idle)], ofItemAtPath: "\(folder)/\(name)")
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    @Test("the least recently used go first, with what lies beside them; hidden files and the new one stay")
    func room() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, idle) in [("a", 400.0), ("b", 300), ("c", 200), ("a.json", 1), ("b.json", 1), (".lock", 9000)] {
            try write(name, idle: idle)
        }
        KeptFiles(folder: folder, maximumBytes: 150, companion: ".json").trim(but: "\(folder)/a")
        #expect(try names() == [".lock", "a", "a.json"])
    }

    @Test("what may not go stays whatever the room, what nobody used for long goes in any case")
    func ages() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, idle) in [("old", 5000.0), ("young", 10), ("new", 0)] { try write(name, idle: idle) }
        let fits = KeptFiles(folder: folder, maximumBytes: 1, longestIdle: 9000) { path in
            !path.hasSuffix("young") && unlink(path) == 0
        }.trim(but: "\(folder)/new")
        #expect(!fits)
        #expect(try names() == ["new", "young"])
        #expect(KeptFiles(folder: folder, maximumBytes: 1000, longestIdle: 5).trim(but: "\(folder)/new"))
        #expect(try names() == ["new"])
    }
}
