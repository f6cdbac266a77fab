import Artifacts
import Contracts
import FoundationEssentials
import Glibc
import JSONRPC

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
        let now = time(nil)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            var status = stat()
            let path = "\(folder)/\(name)"
            if stat(path, &status) == 0, now - status.st_mtim.tv_sec > Self.secondsKept { unlink(path) }
        }
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

    /// A note of one order of a call.
    func note(_ fields: KeyValuePairs<String, String>, call: String) throws -> OrderNote {
        try PrivateFolder.make(folder)
        return OrderNote(folder: folder, key: ContentKey(fields), call: call)
    }

    private func keep(_ outcome: Outcome, at path: String) {
        guard let text = try? JSONCoding.encode(outcome) else { return }
        try? DurableFile.write(text, to: "\(path).json")
    }
}
