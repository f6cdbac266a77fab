// SPDX-License-Identifier: Apache-2.0

import GRDB

/// The schema of the job store as migrations. A released migration is never changed.
enum StoreSchema {
    /// All migrations, in order.
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
        // The final view of an ended job, so that its events need not be folded again.
        migrator.registerMigration("views") { db in
            try db.execute(sql: "ALTER TABLE job ADD COLUMN view BLOB")
        }
        migrator.registerMigration("lead times") { db in
            try db.execute(sql: "CREATE TABLE lead_time (n INTEGER PRIMARY KEY AUTOINCREMENT, seconds REAL NOT NULL)")
        }
        // Pruned jobs whose events and messages are still to be deleted in small steps, also after a restart.
        migrator.registerMigration("pruned jobs") { db in
            try db.execute(
                sql: """
                    CREATE TABLE pruned (job TEXT PRIMARY KEY) WITHOUT ROWID;
                    CREATE INDEX job_age ON job(created_at);
                    """)
        }
        // Leases of jobs, and results of ended jobs. The results of jobs that ended earlier are added when they are first requested.
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
        // The numbers of jobs by state, maintained by triggers: counting all rows takes time in proportion to the history.
        migrator.registerMigration("job counts") { db in
            try db.execute(
                sql: """
                    CREATE TABLE job_count (state TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;
                    INSERT INTO job_count (state, count) SELECT state, COUNT(*) FROM job GROUP BY state;
                    CREATE TRIGGER job_inserted AFTER INSERT ON job BEGIN
                        INSERT INTO job_count (state, count) VALUES (NEW.state, 1)
                            ON CONFLICT (state) DO UPDATE SET count = count + 1;
                    END;
                    CREATE TRIGGER job_state_changed AFTER UPDATE OF state ON job WHEN NEW.state <> OLD.state BEGIN
                        UPDATE job_count SET count = count - 1 WHERE state = OLD.state;
                        INSERT INTO job_count (state, count) VALUES (NEW.state, 1)
                            ON CONFLICT (state) DO UPDATE SET count = count + 1;
                    END;
                    CREATE TRIGGER job_deleted AFTER DELETE ON job BEGIN
                        UPDATE job_count SET count = count - 1 WHERE state = OLD.state;
                    END;
                    """)
        }
        return migrator
    }
}
