// SPDX-License-Identifier: Apache-2.0

import Contracts
import Faults
import Foundation
import GRDB
import Testing

@testable import Orchestrator

@Suite(.timeLimit(.minutes(2))) struct StoreFileTests {
    private func contents(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test
    func `a damaged or foreign database file is set aside unchanged, and a new store is created`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let text = Data(repeating: UInt8(ascii: "x"), count: 5000)
            try text.write(to: URL(filePath: path))
            try Data("log".utf8).write(to: URL(filePath: "\(path)-wal"))
            let store = try JobStore(path: path)
            #expect(try #require(store.setAside).contains("is not an SQLite database"))
            let kept = try #require(
                try contents(folder).first { $0.hasPrefix("jobs.sqlite.corrupt-") && !$0.hasSuffix("wal") })
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(kept)")) == text)
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(kept)-wal")) == Data("log".utf8))
            #expect(try store.lastSeq() == 0)
        }
        try await JobFixture.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try DatabaseQueue(path: "\(folder)/jobs.sqlite").write { try $0.execute(sql: "CREATE TABLE bird (x)") }
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            #expect(store.setAside?.contains("is the database of another application") == true)
        }
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let registry = try JobFixture.registry(try JobStore(path: path), FakeJobServices())
                for session in 0..<10 { _ = try await JobFixture.run(registry, session: "s\(session)") }
            }
            _ = try await JobFixture.reopen(path).setAside
            try await DatabaseQueue(path: path).writeWithoutTransaction { db in
                try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            }
            let size = try #require(try FileManager.default.attributesOfItem(atPath: path)[.size] as? Int)
            let file = try FileHandle(forUpdating: URL(filePath: path))
            for offset in stride(from: 4096, to: size - 600, by: 4096) {
                try file.seek(toOffset: UInt64(offset))
                try file.write(contentsOf: Data(repeating: 0xA5, count: 600))
            }
            try file.close()
            let store = try await JobFixture.reopen(path)
            #expect(store.setAside?.contains("is damaged") == true)
            #expect(try await store.claim(for: .unique(), at: .now, limit: 1).isEmpty)
        }
    }

    @Test
    func `opening a store of a newer version fails with a message and leaves the file unchanged`() async throws {
        try await JobFixture.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            _ = try JobStore(path: path).setAside
            try DatabaseQueue(path: path).write {
                try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('holograms')")
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let error = #expect(throws: ServiceError.self) { try JobStore(path: path) }
            #expect(error?.kind == .conflict)
            #expect(error?.message.contains("written by a newer version (migrations holograms)") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test
    func `a store of an earlier version is migrated and keeps its jobs`() async throws {
        try await JobFixture.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/jobs.sqlite"
            let spec = JobSpec(jobID: "old", userID: "u", sessionID: "s", entry: .lead, options: JobOptions())
            let database = try DatabaseQueue(path: path)
            try StoreSchema.migrations.migrate(database, upTo: "jobs")
            try await database.write { db in
                try db.execute(
                    sql:
                        "INSERT INTO job (id, created_at, state, spec, fingerprint) VALUES ('old', 1, 'queued', ?, '')",
                    arguments: [try SpecFormat.encode(spec)])
            }
            try database.close()
            let store = try JobStore(path: path)
            #expect(try await store.counts() == ["queued": 1])
            let registry = try JobFixture.registry(store, FakeJobServices())
            try await registry.resume()
            #expect(try await JobFixture.messages(registry, "old").last?.status == .finished)
            #expect(try await store.counts() == ["finished": 1])
        }
    }
}
