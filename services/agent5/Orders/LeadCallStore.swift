// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// Stores the outcomes of `agent.process` by idempotency key, and the pending orders of their clips.
///
/// A caller that lost the reply gets the same one; a call that is repeated while the first one is in progress waits for it.
struct LeadCallStore: Sendable {
    private static let retentionSeconds = 7 * 86_400

    private struct Outcome: Codable {
        var result: AgentResult?
        var failure: ServiceError?
    }

    /// The folder of the files.
    let folder: String

    init(folder: String) {
        self.folder = folder
        FileCache(folder: folder, maximumIdleSeconds: Self.retentionSeconds).trim()
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Runs the work of a key once.
    ///
    /// - Parameters:
    ///   - key: The idempotency key.
    ///   - body: The work.
    /// - Returns: The result of `body`, or the stored result.
    /// - Throws: The error of `body`, or the stored error. A `CancellationError` is not stored.
    func runOnce(_ key: String, _ body: () async throws -> AgentResult) async throws -> AgentResult {
        try PrivateFolder.make(folder)
        let path = "\(folder)/\(ContentKey(["key": key]).text)"
        let lock = try await KeyLock.acquire("\(path).lock")
        defer { withExtendedLifetime(lock) {} }
        if let stored = FileManager.default.contents(atPath: "\(path).json")
            .flatMap({ try? JSONCoding.decode(Outcome.self, from: $0) })
        {
            if let failure = stored.failure { throw failure }
            if let result = stored.result { return result }
        }
        do {
            let result = try await body()
            store(Outcome(result: result), at: path)
            return result
        } catch let error as ServiceError where error.kind != .cancelled {
            store(Outcome(failure: error), at: path)
            throw error
        }
    }

    /// Opens the store for the orders of one clip.
    ///
    /// - Parameters:
    ///   - key: The key of the job and of everything that determines the clip.
    ///   - call: The name of the call.
    ///   - price: The price of one order.
    /// - Throws: `unavailable` if the folder cannot be written; `CancellationError`.
    func orderStore(_ key: ContentKey, call: String, price: USD) async throws -> ClipOrderStore {
        try PrivateFolder.make(folder)
        return try await ClipOrderStore(folder: folder, key: key, call: call, price: price)
    }

    /// Whether a process ended with an order of a clip in progress.
    func hasOrders(_ key: ContentKey) -> Bool { ClipOrderStore.exists(folder: folder, key: key) }

    private func store(_ outcome: Outcome, at path: String) {
        guard let text = try? JSONCoding.encode(outcome) else { return }
        try? DurableFile.write(text, to: "\(path).json")
    }
}
