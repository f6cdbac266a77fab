import GRDB

extension JobStore {
    /// Forgets a breaker.
    func forgetBreaker(_ name: String) async throws {
        try await write { db in try db.execute(sql: "DELETE FROM breaker WHERE name = ?", arguments: [name]) }
    }
}
