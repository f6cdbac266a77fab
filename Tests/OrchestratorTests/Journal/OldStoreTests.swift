import Contracts
import Foundation
import GRDB
import JSON
import Synchronization
import Testing

@testable import Orchestrator

/// A store that the version before wrote: a dump of real jobs, of which two were not finished when its orchestrator was killed, with what it
/// answered for each.
@Suite(.timeLimit(.minutes(2))) struct OldStoreTests {
    private struct Answer: Decodable {
        var job: String
        var receipt: JSONValue
        var view: JSONValue
    }

    private func with(_ body: (JobStore, [String: Answer]) async throws -> Void) async throws {
        try await Stage.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/jobs.sqlite"
            let dump = try String(contentsOfFile: "\(GoldenJournal.folder)/store/store.sql", encoding: .utf8)
            let database = try DatabaseQueue(path: path)
            try await database.write { try $0.execute(sql: dump) }
            try database.close()
            let answers = try Data(contentsOf: URL(filePath: "\(GoldenJournal.folder)/store/answers.json"))
            let store = try JobStore(path: path)
            #expect(store.setAside == nil)
            try await body(store, try JSONCoding.decode([String: Answer].self, from: answers))
        }
    }

    @Test("finished jobs of the version before are shown as it showed them")
    func finished() async throws {
        try await with { store, answers in
            let orchestra = try Stage.orchestra(store, FakeStudio())
            for name in ["takeover", "both", "cancel"] {
                let answer = try #require(answers[name])
                // The second time from what the first one stored.
                for _ in 0..<2 {
                    let view = try await orchestra.status(JobStatus(jobID: answer.job))
                    #expect(try JSONCoding.convert(view, to: JSONValue.self) == answer.view, "\(name)")
                    let receipt = try await orchestra.receipt(answer.job)
                    #expect(try JSONCoding.convert(receipt, to: JSONValue.self) == answer.receipt, "\(name)")
                }
                #expect(try await store.result(of: answer.job) != nil)
            }
        }
    }

    @Test("unfinished jobs of the version before go on where they were, and those that wait get their turn")
    func unfinished() async throws {
        try await with { store, answers in
            let (running, waiting) = (try #require(answers["unfinished"]), try #require(answers["waits"]))
            let last = try store.lastSeq()
            let studio = FakeStudio(segments: 3)
            let orchestra = try Stage.orchestra(store, studio)
            try await orchestra.resume()
            for job in [running.job, waiting.job] {
                let messages = try await Stage.messages(orchestra, job)
                #expect(messages.last?.jobState == .finished)
                #expect(messages.allSatisfy { $0.jobState != .finished || $0.seq > last })
            }
            // The lead is called again; the stills that were prepared meanwhile are not drawn again.
            let calls = studio.calls.withLock { $0 }
            #expect(calls.contains("lead") && calls.contains("clip seg_3"))
            #expect(!calls.contains { $0.hasPrefix("draw") && $0.contains("A hill") }, "\(calls)")
            let versions = try await store.database.read { db in
                try Int.fetchAll(
                    db,
                    sql: """
                        SELECT DISTINCT COALESCE(json_extract(CAST(body AS TEXT), '$.v'), 1) FROM event WHERE job = ?
                        ORDER BY 1
                        """,
                    arguments: [running.job])
            }
            #expect(versions == [1, 2])
        }
    }

    @Test("what a job was started with has the fingerprint that the version before stored")
    func fingerprints() async throws {
        try await with { store, _ in
            let rows = try store.database.read { db in
                try GRDB.Row.fetchAll(db, sql: "SELECT spec, fingerprint FROM job")
            }
            #expect(rows.count == 5)
            for row in rows {
                #expect(try SpecFormat.fingerprint(SpecFormat.decode(row["spec"])) == row["fingerprint"] as String)
            }
        }
    }
}
