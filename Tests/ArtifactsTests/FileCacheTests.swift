// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

@testable import Artifacts

@Suite(.timeLimit(.minutes(5))) struct FileCacheTests {
    private let folder = TemporaryPath.new("cache")

    init() throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    /// Creates a file of 100 bytes that was last used `idle` seconds ago.
    private func write(_ name: String, idle: Double) throws {
        try Data(count: 100).write(to: URL(filePath: "\(folder)/\(name)"))
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSinceNow: -idle)], ofItemAtPath: "\(folder)/\(name)")
    }

    private func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder).sorted() }

    @Test
    func `the least recently used files are removed first, with their companions; hidden files are preserved`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, idle) in [("a", 400.0), ("b", 300), ("c", 200), ("a.json", 1), ("b.json", 1), (".lock", 9000)] {
            try write(name, idle: idle)
        }
        FileCache(folder: folder, maximumBytes: 150, companionSuffix: ".json").trim(excluding: "\(folder)/a")
        #expect(try names() == [".lock", "a", "a.json"])
    }

    @Test
    func `files in use are preserved over the limit, and idle files are removed below it`() throws {
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, idle) in [("old", 5000.0), ("young", 10), ("new", 0)] { try write(name, idle: idle) }
        let fits = FileCache(folder: folder, maximumBytes: 1, maximumIdleSeconds: 9000) { path in
            !path.hasSuffix("young") && unlink(path) == 0
        }.trim(excluding: "\(folder)/new")
        #expect(!fits)
        #expect(try names() == ["new", "young"])
        #expect(FileCache(folder: folder, maximumBytes: 1000, maximumIdleSeconds: 5).trim(excluding: "\(folder)/new"))
        #expect(try names() == ["new"])
    }
}
