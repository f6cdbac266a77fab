// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// The delivered stills by idempotency key: a caller that lost the reply, or was killed before storing it, gets the same still
/// again, and no provider is called or paid again.
///
/// Each has one file in the state directory, which all replicas of a machine share. Entries expire after seven days.
struct DeliveredStillIndex: Sendable {
    private static let retentionDays = 7.0
    private let folder: String

    private struct Entry: Codable {
        /// A hash of the parameters that determine the image.
        var fingerprint: String
        var image: GeneratedImage
    }

    init(folder: String) {
        self.folder = folder
        PrivateFolder.restrictPermissions(folder)
        DurableFile.sweep(folder, olderThan: 3600)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        // Only files of this type: the folder of cached images beside them has a longer retention.
        for file in files where file.hasSuffix(".json") {
            let path = "\(folder)/\(file)"
            let changed = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
            if let changed, -changed.timeIntervalSinceNow > Self.retentionDays * 86_400 {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// Finds the still that was delivered for a request's idempotency key.
    ///
    /// - Returns: `nil` if there is none, or if its file no longer exists.
    /// - Throws: `conflict` if the key was used for another image.
    func find(_ request: GenerateImage, _ artifacts: Artifacts) async throws -> GeneratedImage? {
        guard let key = request.idempotencyKey, let data = try? Data(contentsOf: URL(filePath: path(key))),
            let entry = try? JSONCoding.decode(Entry.self, from: data)
        else { return nil }
        guard entry.fingerprint == Self.fingerprint(request) else {
            throw ServiceError(
                .conflict, "the idempotency key \(JSONText.quote(String(key.prefix(100)))) was used for another image")
        }
        guard try await artifacts.info(try ArtifactURI(entry.image.image)) != nil else { return nil }
        var image = entry.image
        image.isCached = true
        return image
    }

    /// Stores a delivered still.
    ///
    /// - Throws: `unavailable` if the state directory cannot be written.
    func store(_ image: GeneratedImage, for request: GenerateImage) throws {
        guard let key = request.idempotencyKey else { return }
        do {
            try PrivateFolder.make(folder)
            let entry = Entry(fingerprint: Self.fingerprint(request), image: image)
            try DurableFile.write(try JSONCoding.encode(entry), to: path(key))
        } catch {
            throw ServiceError(.unavailable, "\(folder) cannot be written: \(error)")
        }
    }

    private func path(_ key: String) -> String { "\(folder)/\(ContentKey(["key": key]).text).json" }

    private static func fingerprint(_ request: GenerateImage) -> String {
        ContentKey([
            "prompt": request.prompt, "size": "\(request.width)x\(request.height)", "output": request.output,
            "provider": request.provider ?? "", "model": request.model ?? "", "quality": request.quality ?? "",
            "seed": request.seed.map { "\($0)" } ?? "",
        ]).text
    }
}
