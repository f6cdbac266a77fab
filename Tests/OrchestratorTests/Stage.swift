import Contracts
import FoundationEssentials
import Logging

@testable import Orchestrator

/// Orchestras for tests: a folder of their own, and waiting for the end of a job.
enum Stage {
    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = "/tmp/us-orch-\(String(UInt64.random(in: 0...UInt64.max), radix: 36))"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    static func orchestra(
        _ store: JobStore, _ studio: any Studio, _ patience: StoreHold.Patience = .init(), maximumRunning: Int = 16
    ) throws -> Orchestra {
        Orchestra(
            store: store, studio: studio, breakers: try Breakers(store: store, logger: logger), patience: patience,
            maximumRunning: maximumRunning, logger: logger)
    }

    /// All messages of a job, once it is at its end.
    static func messages(_ orchestra: Orchestra, _ job: String) async throws -> [StatusMessage] {
        var found: [StatusMessage] = []
        for await _ in orchestra.bulletin.signals(jobID: job) {
            while true {
                let page = try await orchestra.messages(after: found.last?.seq ?? 0, jobID: job)
                if page.isEmpty { break }
                found += page
            }
            if found.last?.jobState.isTerminal == true { break }
        }
        return found
    }

    /// Runs a job in a session of its own. -> its messages and its receipt.
    static func run(
        _ orchestra: Orchestra, session: String = "s", options: JobOptions = JobOptions(), entry: JobSpec.Entry = .lead
    ) async throws -> (messages: [StatusMessage], receipt: Receipt) {
        let started = try await orchestra.start(
            StartJob(userID: "u", sessionID: session), options: options, entry: entry)
        let messages = try await messages(orchestra, started.jobID)
        return (messages, try await orchestra.receipt(started.jobID))
    }

    /// The store of an orchestra that was let go: it has its lock until its last task has ended.
    static func reopen(_ path: String) async -> JobStore {
        while true {
            if let store = try? JobStore(path: path) { return store }
            await Task.yield()
        }
    }
}
