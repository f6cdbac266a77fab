// SPDX-License-Identifier: Apache-2.0

import Contracts
import Synchronization

/// Caches jobs for a second: a player requests many ranges of one film, which need not all be looked up at the orchestrator.
final class JobCache: Sendable {
    /// How long a job is cached.
    static let lifetime = Duration.seconds(1)
    /// Jobs that are cached at the same time; further ones are not cached.
    static let capacity = 64

    private struct Entry {
        var job: JobView
        var readAt: ContinuousClock.Instant
    }

    private let read: @Sendable (String) async throws -> JobView
    private let now: @Sendable () -> ContinuousClock.Instant
    private let entries = Mutex<[String: Entry]>([:])

    /// - Parameters:
    ///   - now: the clock; tests pass another one.
    ///   - read: looks a job up by its ID, with its segments but without their guidance.
    init(
        now: @escaping @Sendable () -> ContinuousClock.Instant = { .now },
        read: @escaping @Sendable (String) async throws -> JobView
    ) {
        self.read = read
        self.now = now
    }

    /// A job that was read within the last second.
    func recent(_ id: String) -> JobView? {
        let oldest = now() - Self.lifetime
        return entries.withLock { $0[id] }.flatMap { $0.readAt > oldest ? $0.job : nil }
    }

    /// Reads a job and caches it.
    ///
    /// - Throws: what `read` throws, e.g. `not_found`.
    func job(_ id: String) async throws -> JobView {
        let job = try await read(id)
        let time = now()
        entries.withLock { entries in
            if entries.count >= Self.capacity {
                entries = entries.filter { $0.value.readAt > time - Self.lifetime }
            }
            if entries.count < Self.capacity { entries[id] = Entry(job: job, readAt: time) }
        }
        return job
    }
}
