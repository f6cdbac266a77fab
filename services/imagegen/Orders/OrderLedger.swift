import Artifacts
import Faults
import FoundationEssentials
import JSON

/// The orders of stills by their idempotency keys, on disk before they are sent, so that a process that ends loses no money
/// unnoticed. Replicas of one machine share it; a key is held by one call at a time, whichever replica has it.
struct OrderLedger: Sendable {
    private static let secondsKept = 7 * 86_400

    let folder: String

    init(folder: String) {
        self.folder = folder
        KeptFiles(folder: folder, longestIdle: Self.secondsKept).trim()
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Waits until no other call has the key.
    ///
    /// - Throws: `unavailable` if the folder cannot be written; `CancellationError`.
    func hold(_ key: String) async throws -> KeyHold {
        try PrivateFolder.make(folder)
        return try await KeyHold.wait(for: "\(folder)/\(name(key)).lock")
    }

    /// Waits until no other call, in any replica of this machine, buys the picture of a content.
    ///
    /// A call takes it after the hold of its idempotency key, never before, and has one at a time: no two calls wait for each other.
    ///
    /// - Throws: `unavailable` if the folder cannot be written; `CancellationError`.
    func hold(content key: ContentKey) async throws -> KeyHold {
        try PrivateFolder.make(folder)
        return try await KeyHold.wait(for: "\(folder)/content-\(key.text).lock")
    }

    /// What is stored of a key; an empty record if nothing is.
    func record(_ key: String) -> OrderRecord {
        FileManager.default.contents(atPath: path(key))
            .flatMap { try? JSONCoding.decode(OrderRecord.self, from: $0) } ?? OrderRecord()
    }

    /// - Throws: `unavailable`, e.g. on a full disk: nothing may be ordered then.
    func write(_ record: OrderRecord, for key: String) throws(ServiceError) {
        let text: Data
        do {
            text = try JSONCoding.encode(record)
        } catch {
            throw ServiceError(.internal, "an order cannot be noted: \(error)")
        }
        try DurableFile.write(text, to: path(key))
    }

    /// A path for a picture that is on its way.
    func temporary() throws -> String {
        try PrivateFolder.make(folder)
        return DurableFile.temporary(beside: "\(folder)/picture")
    }

    private func path(_ key: String) -> String { "\(folder)/\(name(key)).json" }

    private func name(_ key: String) -> String { ContentKey(["key": key]).text }
}
