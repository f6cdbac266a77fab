// SPDX-License-Identifier: Apache-2.0

import Breaker
import FoundationEssentials
import GRDB
import JSON

extension JobStore: BreakerRecords {
    func breakers() throws -> [String: BreakerMachine] {
        try read { db in
            var breakers: [String: BreakerMachine] = [:]
            for row in try GRDB.Row.fetchAll(db, sql: "SELECT name, body FROM breaker") {
                breakers[row["name"]] = try? JSONCoding.decode(BreakerMachine.self, from: row["body"])
            }
            return breakers
        }
    }

    func saveBreaker(
        _ breaker: BreakerMachine, name: String, onFailure: @escaping @Sendable (any Error) -> Void
    ) throws {
        let body = try JSONCoding.encode(breaker)
        commits.enqueue(onFailure: onFailure) { db in
            try db.cachedStatement(sql: "INSERT OR REPLACE INTO breaker (name, body) VALUES (?, ?)")
                .execute(arguments: [name, body])
        }
    }

    func removeBreaker(_ name: String) async throws {
        try await write { db in try db.execute(sql: "DELETE FROM breaker WHERE name = ?", arguments: [name]) }
    }

    func flush() async throws { try await write { _ in } }
}

extension JobStore: LeadTimeRecords {
    func recordLeadTime(_ seconds: Double) async throws {
        try await write { db in
            try db.execute(sql: "INSERT INTO lead_time (seconds) VALUES (?)", arguments: [seconds])
            try db.execute(sql: "DELETE FROM lead_time WHERE n <= (SELECT MAX(n) FROM lead_time) - 200")
        }
    }

    func leadTime(quantile: Double, atLeast: Int) throws -> Double? {
        let times = try read { db in
            try Double.fetchAll(db, sql: "SELECT seconds FROM lead_time ORDER BY n DESC LIMIT 200")
        }.sorted()
        guard times.count >= max(atLeast, 1) else { return nil }
        // trusted: a fraction of at most 200
        return times[min(Int((Double(times.count) * quantile).rounded(.up)) - 1, times.count - 1)]
    }
}
