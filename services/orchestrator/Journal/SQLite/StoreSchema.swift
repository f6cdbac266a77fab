import GRDB

/// The shape of the job store, version by version. A migration that was ever released is never changed.
enum StoreSchema {
    static var migrations: DatabaseMigrator {
        var migrator = DatabaseMigrator()
        migrator.registerMigration("jobs") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job (
                        number INTEGER PRIMARY KEY AUTOINCREMENT,
                        id TEXT NOT NULL UNIQUE,
                        created_at INTEGER NOT NULL,
                        state TEXT NOT NULL,
                        spec BLOB NOT NULL,
                        idempotency_key TEXT UNIQUE,
                        fingerprint TEXT NOT NULL
                    );
                    CREATE INDEX job_state ON job(state, number);
                    CREATE TABLE event (
                        job TEXT NOT NULL,
                        n INTEGER NOT NULL,
                        at INTEGER NOT NULL,
                        body BLOB NOT NULL,
                        PRIMARY KEY (job, n)
                    ) WITHOUT ROWID;
                    CREATE TABLE message (
                        seq INTEGER PRIMARY KEY AUTOINCREMENT,
                        job TEXT NOT NULL,
                        body BLOB NOT NULL
                    );
                    CREATE INDEX message_job ON message(job, seq);
                    """)
        }
        migrator.registerMigration("breakers") { db in
            try db.execute(sql: "CREATE TABLE breaker (name TEXT PRIMARY KEY, body BLOB NOT NULL) WITHOUT ROWID")
        }
        // A job that is at its end is shown as it was then, without folding its events again.
        migrator.registerMigration("views") { db in
            try db.execute(sql: "ALTER TABLE job ADD COLUMN view BLOB")
        }
        migrator.registerMigration("lead times") { db in
            try db.execute(sql: "CREATE TABLE lead_time (n INTEGER PRIMARY KEY AUTOINCREMENT, seconds REAL NOT NULL)")
        }
        // Jobs that are being pruned: their events and messages go in small steps, also after a restart.
        migrator.registerMigration("pruned jobs") { db in
            try db.execute(
                sql: """
                    CREATE TABLE pruned (job TEXT PRIMARY KEY) WITHOUT ROWID;
                    CREATE INDEX job_age ON job(created_at);
                    """)
        }
        // Who runs a job, and what is shown of one at its end besides its view. Jobs that ended before get theirs when they are first
        // asked for.
        migrator.registerMigration("leases and results") { db in
            try db.execute(
                sql: """
                    CREATE TABLE lease (
                        job TEXT PRIMARY KEY,
                        holder TEXT,
                        expires_at INTEGER NOT NULL,
                        fence INTEGER NOT NULL
                    ) WITHOUT ROWID;
                    CREATE TABLE result (
                        job TEXT PRIMARY KEY,
                        receipt BLOB NOT NULL,
                        guidance BLOB
                    );
                    """)
        }
        return migrator
    }
}
