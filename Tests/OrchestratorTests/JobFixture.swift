// SPDX-License-Identifier: Apache-2.0

import Contracts
import FoundationEssentials
import Logging
import TestSupport

@testable import Orchestrator

/// Creates job registries for tests, each in a temporary folder, and waits for jobs to end.
enum JobFixture {
    /// A wait did not end in time.
    struct TimeoutError: Error {}

    static let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    /// Runs `body` with the path of a temporary folder, which is removed afterwards. The folder is created by the first
    /// job store in it.
    static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = TemporaryPath.new("orch")
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    /// A registry with a store of its own and default breakers.
    static func registry(
        _ store: JobStore, _ services: any JobServices, _ outageBounds: OutageBackoff.Bounds = .init(),
        maximumRunning: Int = 16
    ) throws -> JobRegistry {
        JobRegistry(
            store: store, services: services, breakers: try Breakers(store: store, logger: logger),
            outageBounds: outageBounds, maximumRunning: maximumRunning, logger: logger)
    }

    /// Waits until a job has ended.
    ///
    /// - Returns: all messages of the job.
    static func messages(_ registry: JobRegistry, _ job: String) async throws -> [StatusMessage] {
        var found: [StatusMessage] = []
        for await _ in registry.changeNotifier.signals(jobID: job) {
            var page: [StatusMessage]
            repeat {
                page = try await registry.messages(after: found.last?.seq ?? 0, jobID: job)
                found += page
            } while !page.isEmpty
            if found.last?.jobState.isTerminal == true { break }
        }
        return found
    }

    /// Starts a job and waits until it has ended.
    ///
    /// - Returns: the messages and the receipt of the job.
    static func run(
        _ registry: JobRegistry, session: String = "s", options: JobOptions = JobOptions(),
        entry: JobSpec.Entry = .lead
    ) async throws -> (messages: [StatusMessage], receipt: Receipt) {
        let started = try await registry.start(
            StartJob(userID: "u", sessionID: session), options: options, entry: entry)
        let messages = try await messages(registry, started.jobID)
        return (messages, try await registry.receipt(started.jobID))
    }

    /// Opens the store of a registry that was released. The registry holds its lock until its last task has ended.
    static func reopen(_ path: String) async throws -> JobStore {
        var store: JobStore?
        try await wait {
            store = try? JobStore(path: path)
            return store != nil
        }
        guard let store else { throw TimeoutError() }
        return store
    }

    /// Polls `condition` until it holds.
    ///
    /// - Throws: `TimeoutError` after `timeout`.
    static func wait(_ timeout: Duration = .seconds(60), until condition: () async throws -> Bool) async throws {
        let deadline = ContinuousClock.now + timeout
        while try await !condition() {
            guard ContinuousClock.now < deadline else { throw TimeoutError() }
            await Task.yield()
        }
    }
}
