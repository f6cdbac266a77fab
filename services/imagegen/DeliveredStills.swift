import Artifacts
import Contracts
import Faults
import FoundationEssentials
import JSON

/// The stills that were delivered, by their idempotency keys: a caller that lost the reply, or was killed before it could keep
/// it, gets the same still once more, and no provider is asked, or paid, again.
///
/// One file for each in the state directory, which all replicas of a machine share; after seven days it is forgotten.
struct DeliveredStills: Sendable {
    private static let days = 7.0
    private let folder: String

    private struct Entry: Codable {
        /// All that makes the picture what it is.
        var fingerprint: String
        var image: GeneratedImage
    }

    init(folder: String) {
        self.folder = folder
        PrivateFolder.tighten(folder)
        DurableFile.sweep(folder, olderThan: 3600)
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        // Only what this type keeps: the folder of bought pictures beside it lives longer.
        for file in files where file.hasSuffix(".json") {
            let path = "\(folder)/\(file)"
            let changed = (try? FileManager.default.attributesOfItem(atPath: path))?[.modificationDate] as? Date
            if let changed, -changed.timeIntervalSinceNow > Self.days * 86_400 {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    /// - Returns: what was delivered for the key, as long as its picture is there.
    /// - Throws: `conflict` where the key stands for another picture.
    func find(_ request: GenerateImage, _ artifacts: Artifacts) async throws -> GeneratedImage? {
        guard let key = request.idempotencyKey, let data = try? Data(contentsOf: URL(filePath: path(key))),
            let entry = try? JSONCoding.decode(Entry.self, from: data)
        else { return nil }
        guard entry.fingerprint == Self.fingerprint(request) else {
            throw ServiceError(
                .conflict, "the idempotency key \(JSONText.quote(String(key.prefix(100)))) stands for another picture")
        }
        guard try await artifacts.info(try ArtifactURI(entry.image.image)) != nil else { return nil }
        var image = entry.image
        image.cached = true
        return image
    }

    /// - Throws: `unavailable` where the state directory cannot be written.
    func keep(_ image: GeneratedImage, for request: GenerateImage) throws {
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
