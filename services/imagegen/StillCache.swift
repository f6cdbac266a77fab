// SPDX-License-Identifier: Apache-2.0

import Artifacts
import Contracts
import FoundationEssentials
import Glibc
import JSON

/// Caches paid images by their parameters, so that another job with the same request gets them for free.
///
/// An image is stored durably before it is reported to a caller. Each has two files in the state directory, which all replicas of a
/// machine share. The least recently used are removed when there are too many bytes.
struct StillCache: Sendable {
    /// What is stored with an image.
    struct Entry: Codable {
        var width: Int
        var height: Int
        var mediaType: String
        var model: String
        var cost: USD
        /// The ID of the order that bought the image.
        var order: String?
    }

    /// The time in seconds after which an unused image is removed.
    private static let maximumIdleSeconds = 90 * 86_400

    /// The folder of the images.
    let folder: String
    /// `UNDERSTUDY_IMAGE_CACHE_BYTES`, the maximum size of the cache in bytes; 0 disables it.
    let maximumBytes: Int

    init(folder: String, maximumBytes: Int) {
        self.folder = folder
        self.maximumBytes = maximumBytes
        PrivateFolder.restrictPermissions(folder)
        DurableFile.sweep(folder, olderThan: 3600)
    }

    /// Returns the key of an image: everything that determines its content.
    static func key(_ request: GenerateImage, provider: String, model: String) -> ContentKey {
        ContentKey([
            "provider": provider, "model": model, "prompt": request.prompt,
            "size": "\(request.width)x\(request.height)", "quality": request.quality ?? "",
            "seed": request.seed.map { "\($0)" } ?? "",
        ])
    }

    /// Finds an image, and marks it as used.
    ///
    /// - Returns: The entry of the image and the path of its file; `nil` if it is not cached.
    func find(_ key: ContentKey) -> (entry: Entry, path: String)? {
        let path = "\(folder)/\(key.text)"
        guard maximumBytes > 0, let text = FileManager.default.contents(atPath: "\(path).json"),
            let entry = try? JSONCoding.decode(Entry.self, from: text), access(path, R_OK) == 0
        else { return nil }
        utimes(path, nil)
        return (entry, path)
    }

    /// Stores an image. Errors are ignored: a full disk must not fail the image.
    ///
    /// - Parameters:
    ///   - path: The path of the image.
    ///   - drawn: Describes the image.
    ///   - key: The key of the image.
    ///   - order: The ID of the order that bought it.
    func store(_ path: String, _ drawn: DrawnImage, as key: ContentKey, order: String? = nil) {
        guard maximumBytes > 0 else { return }
        let target = "\(folder)/\(key.text)"
        let temporary = DurableFile.temporary(beside: target)
        defer { unlink(temporary) }
        let entry = Entry(
            width: drawn.width, height: drawn.height, mediaType: drawn.mediaType, model: drawn.model, cost: drawn.cost,
            order: order)
        do {
            try PrivateFolder.make(folder)
            try FileManager.default.copyItem(atPath: path, toPath: temporary)
            chmod(temporary, 0o600)
            try DurableFile.replace(target, with: temporary)
            try DurableFile.write(try JSONCoding.encode(entry), to: "\(target).json")
        } catch {
            return
        }
        FileCache(
            folder: folder, maximumBytes: maximumBytes, maximumIdleSeconds: Self.maximumIdleSeconds,
            companionSuffix: ".json"
        ).trim(excluding: target)
    }
}
