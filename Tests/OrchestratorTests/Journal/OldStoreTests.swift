// SPDX-License-Identifier: Apache-2.0

import Contracts
import Foundation
import GRDB
import JSON
import Synchronization
import Testing

@testable import Orchestrator

/// A store of the previous version: a dump of real jobs, two of them unfinished when the orchestrator was killed, with the replies of
/// that orchestrator for each job.
@Suite(.timeLimit(.minutes(2))) struct OldStoreTests {
    private struct Reply: Decodable {
        var job: String
        var receipt: JSONValue
        var view: JSONValue
    }

    private func withStore(_ body: (JobStore, [String: Reply]) async throws -> Void) async throws {
        try await JobFixture.withFolder { folder in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/jobs.sqlite"
            let dump = try String(contentsOfFile: "\(GoldenJournal.folder)/store/store.sql", encoding: .utf8)
            let database = try DatabaseQueue(path: path)
            try await database.write { try $0.execute(sql: dump) }
            try database.close()
            let replies = try Data(contentsOf: URL(filePath: "\(GoldenJournal.folder)/store/answers.json"))
            let store = try JobStore(path: path)
            #expect(store.setAside == nil)
            try await body(store, try JSONCoding.decode([String: Reply].self, from: replies))
        }
    }

    @Test
    func `finished jobs of the previous version look the same`() async throws {
        try await withStore { store, replies in
            let registry = try JobFixture.registry(store, FakeJobServices())
            for name in ["takeover", "both", "cancel"] {
                let reply = try #require(replies[name])
                // The second pass reads what the first one stored.
                for _ in 0..<2 {
                    var view = try await registry.status(JobStatus(jobID: reply.job))
                    // Version 1 had no titles.
                    for index in view.segments.indices { view.segments[index].title = nil }
                    #expect(try JSONCoding.convert(view, to: JSONValue.self) == reply.view, "\(name)")
                    let receipt = try await registry.receipt(reply.job)
                    #expect(try JSONCoding.convert(receipt, to: JSONValue.self) == reply.receipt, "\(name)")
                }
                #expect(try await store.result(of: reply.job) != nil)
            }
        }
    }

    @Test
    func `unfinished and queued jobs of the previous version resume and finish`() async throws {
        try await withStore { store, replies in
            let (running, waiting) = (try #require(replies["unfinished"]), try #require(replies["waits"]))
            let last = try store.lastSeq()
            let services = FakeJobServices(segments: 3)
            let registry = try JobFixture.registry(store, services)
            try await registry.resume()
            for job in [running.job, waiting.job] {
                let messages = try await JobFixture.messages(registry, job)
                #expect(messages.last?.jobState == .finished)
                #expect(messages.allSatisfy { $0.jobState != .finished || $0.seq > last })
            }
            // The lead is called again; the prepared stills are not drawn again.
            let calls = services.calls.withLock { $0 }
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

    @Test
    func `a job's parameters have the fingerprint that the previous version stored`() async throws {
        try await withStore { store, _ in
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
