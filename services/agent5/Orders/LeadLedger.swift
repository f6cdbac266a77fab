import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// How calls of `agent.process` ended, by their idempotency keys: a caller that lost the reply gets the same one, and one that
/// asks while the work is under way waits for it.
struct LeadLedger: Sendable {
    private static let secondsKept = 7 * 86_400

    private struct Outcome: Codable {
        var result: AgentResult?
        var failure: ServiceError?
    }

    let folder: String

    init(folder: String) {
        self.folder = folder
        KeptFiles(folder: folder, longestIdle: Self.secondsKept).trim()
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Does the work of a key once.
    ///
    /// - Throws: what `body` throws, now or when it ran; `CancellationError` is not kept.
    func once(_ key: String, _ body: () async throws -> AgentResult) async throws -> AgentResult {
        try PrivateFolder.make(folder)
        let path = "\(folder)/\(ContentKey(["key": key]).text)"
        let hold = try await KeyHold.wait(for: "\(path).lock")
        defer { withExtendedLifetime(hold) {} }
        if let known = FileManager.default.contents(atPath: "\(path).json")
            .flatMap({ try? JSONCoding.decode(Outcome.self, from: $0) })
        {
            if let failure = known.failure { throw failure }
            if let result = known.result { return result }
        }
        do {
            let result = try await body()
            keep(Outcome(result: result), at: path)
            return result
        } catch let error as ServiceError where error.kind != .cancelled {
            keep(Outcome(failure: error), at: path)
            throw error
        }
    }

    /// A note of the orders of one clip.
    ///
    /// - Parameters:
    ///   - key: all that makes the clip what it is, and the job.
    ///   - call: names the call of the lead.
    func note(_ key: ContentKey, call: String, price: USD) async throws -> OrderNote {
        try PrivateFolder.make(folder)
        return try await OrderNote(folder: folder, key: key, call: call, price: price)
    }

    /// Whether a process ended with an order of a clip under way.
    func hasNote(_ key: ContentKey) -> Bool { OrderNote.exists(folder: folder, key: key) }

    private func keep(_ outcome: Outcome, at path: String) {
        guard let text = try? JSONCoding.encode(outcome) else { return }
        try? DurableFile.write(text, to: "\(path).json")
    }
}
