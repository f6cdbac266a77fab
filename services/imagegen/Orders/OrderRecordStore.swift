// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Faults
import FoundationEssentials
import JSON

/// Stores the orders of stills by idempotency key, before they are sent, so that no charge is lost when the process ends.
///
/// Replicas of one machine share the store. A key is locked by one call at a time, across replicas.
struct OrderRecordStore: Sendable {
    private static let retentionSeconds = 7 * 86_400

    /// The folder of the records.
    let folder: String

    init(folder: String) {
        self.folder = folder
        FileCache(folder: folder, maximumIdleSeconds: Self.retentionSeconds).trim()
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Locks a key; waits while another call holds the lock.
    func lock(_ key: String) async throws -> KeyLock {
        try PrivateFolder.make(folder)
        return try await KeyLock.acquire("\(folder)/\(name(key)).lock")
    }

    /// Locks the image with a content key; waits while another call, in any replica of this machine, orders the same image.
    ///
    /// A call takes this lock after the lock of its idempotency key, and at most one at a time, so that calls cannot deadlock.
    ///
    /// - Throws: `unavailable` if the folder cannot be written; `CancellationError`.
    func lock(content key: ContentKey) async throws -> KeyLock {
        try PrivateFolder.make(folder)
        return try await KeyLock.acquire("\(folder)/content-\(key.text).lock")
    }

    /// Reads the record of a key; an empty record if there is none.
    func record(_ key: String) -> OrderRecord {
        FileManager.default.contents(atPath: path(key))
            .flatMap { try? JSONCoding.decode(OrderRecord.self, from: $0) } ?? OrderRecord()
    }

    /// Stores the record of a key durably.
    ///
    /// - Throws: `unavailable`, e.g. if the disk is full: nothing may be ordered then.
    func write(_ record: OrderRecord, for key: String) throws(ServiceError) {
        let text: Data
        do {
            text = try JSONCoding.encode(record)
        } catch {
            throw ServiceError(.internal, "an order cannot be stored: \(error)")
        }
        try DurableFile.write(text, to: path(key))
    }

    /// Returns a temporary path for an image that is being downloaded.
    func temporary() throws -> String {
        try PrivateFolder.make(folder)
        return DurableFile.temporary(beside: "\(folder)/picture")
    }

    private func path(_ key: String) -> String { "\(folder)/\(name(key)).json" }

    private func name(_ key: String) -> String { ContentKey(["key": key]).text }
}
