import Contracts
import Faults
import Foundation
import GRDB
import JSON
import Testing

@testable import Orchestrator

@Suite struct StoreFileTests {
    private func contents(_ folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
    }

    @Test("a file that is damaged, no database or somebody else's is set aside whole, and a new store is begun")
    func setAside() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let text = Data(repeating: UInt8(ascii: "x"), count: 5000)
            try text.write(to: URL(filePath: path))
            try Data("log".utf8).write(to: URL(filePath: "\(path)-wal"))
            let store = try JobStore(path: path)
            #expect(try #require(store.setAside).contains("is no SQLite database"))
            let kept = try #require(
                try contents(folder).first { $0.hasPrefix("jobs.sqlite.corrupt-") && !$0.hasSuffix("wal") })
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(kept)")) == text)
            #expect(try Data(contentsOf: URL(filePath: "\(folder)/\(kept)-wal")) == Data("log".utf8))
            #expect(try store.lastSeq() == 0)
        }
        try await Stage.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try DatabaseQueue(path: "\(folder)/jobs.sqlite").write { try $0.execute(sql: "CREATE TABLE bird (x)") }
            let store = try JobStore(path: "\(folder)/jobs.sqlite")
            #expect(store.setAside?.contains("is the database of something else") == true)
        }
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            do {
                let orchestra = try Stage.orchestra(try JobStore(path: path), FakeStudio())
                for session in 0..<10 { _ = try await Stage.run(orchestra, session: "s\(session)") }
            }
            _ = await Stage.reopen(path).setAside
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
            let store = await Stage.reopen(path)
            #expect(store.setAside?.contains("is damaged") == true)
            #expect(try await store.claim(for: .unique(), at: .now, limit: 1).isEmpty)
        }
    }

    @Test("a store of a newer version is refused in words, and not touched")
    func newer() async throws {
        try await Stage.withFolder { folder in
            let path = "\(folder)/jobs.sqlite"
            _ = try JobStore(path: path).setAside
            try DatabaseQueue(path: path).write {
                try $0.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('holograms')")
            }
            let before = try Data(contentsOf: URL(filePath: path))
            let error = #expect(throws: ServiceError.self) { try JobStore(path: path) }
            #expect(error?.kind == .conflict)
            #expect(error?.message.contains("made by a newer version (it knows holograms)") == true)
            #expect(try Data(contentsOf: URL(filePath: path)) == before)
        }
    }

    @Test("a store of the version before is brought up to date and keeps its jobs")
    func migrated() async throws {
        try await Stage.withFolder { folder in
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
            let orchestra = try Stage.orchestra(try JobStore(path: path), FakeStudio())
            try await orchestra.resume()
            #expect(try await Stage.messages(orchestra, "old").last?.status == .finished)
        }
    }
}

@Suite struct StoreHoldTests {
    @Test("pauses double up to a bound, and end when patience does")
    func pauses() {
        var hold = StoreHold(StoreHold.Patience(whole: 4, firstPause: 0.5, longestPause: 2))
        #expect(!hold.isHolding)
        var pauses: [Double] = []
        while let pause = hold.pause() { pauses.append(pause) }
        #expect(pauses == [0.5, 1, 2, 0.5])
        #expect(hold.waited == 4 && hold.isHolding)
    }

    @Test("a full disk under a still holds the job until there is room, and the job says so")
    func fullDisk() async throws {
        try await Stage.withFolder { folder in
            let full = ServiceError(.unavailable, "the disk is full", providerCode: "ENOSPC")
            let tries = Tries()
            let studio = FakeStudio(onDraw: { _, _ in if tries.next() < 5 { throw full } })
            let patience = StoreHold.Patience(whole: 60, firstPause: 0.001, longestPause: 0.001)
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio, patience)
            let (messages, receipt) = try await Stage.run(orchestra, entry: .fallback)
            #expect(messages.last?.status == .finished)
            #expect(messages.contains { $0.message == "the job waits: the disk is full" })
            #expect(messages.contains { $0.message == "the job goes on" })
            #expect(receipt.attempts.allSatisfy { $0.error == nil })
        }
    }

    @Test("when the disk stays full beyond all patience the job fails with that reason")
    func impatient() async throws {
        try await Stage.withFolder { folder in
            let full = ServiceError(.unavailable, "the disk is full", providerCode: "ENOSPC")
            let studio = FakeStudio(onDraw: { _, _ in throw full })
            let patience = StoreHold.Patience(whole: 0.01, firstPause: 0.001, longestPause: 0.001)
            let orchestra = try Stage.orchestra(try JobStore(path: "\(folder)/jobs.sqlite"), studio, patience)
            let (messages, _) = try await Stage.run(orchestra, entry: .fallback)
            #expect(messages.last?.status == .error)
            #expect(messages.last?.message.contains("the disk is full; it was waited for") == true)
        }
    }

    @Test("what a provider says of its disks is the provider's failure")
    func others() {
        #expect(!StoreHold.isPassing(ServiceError(.unavailable, "", provider: "acme", providerCode: "ENOSPC")))
        #expect(!StoreHold.isPassing(ServiceError(.unavailable, "no replica")))
        #expect(!StoreHold.isPassing(ServiceError(.corruptMedia, "", providerCode: "EIO")))
    }
}
