import Artifacts
import Contracts
import FoundationEssentials
import Glibc
import JSON

/// Pictures that were paid for, by what they were made of: another job that asks for the same gets them for nothing.
///
/// A picture is here, and on the disk, before anybody is told of it. Two files for each, in the state directory, which all replicas of a
/// machine share; the least recently used go when there are too many bytes.
struct StillCache: Sendable {
    struct Entry: Codable {
        var width: Int
        var height: Int
        var mediaType: String
        var model: String
        var cost: USD
        /// The order that bought it.
        var order: String?
    }

    /// Seconds after which a picture that nobody asked for again is forgotten.
    private static let longestIdle = 90 * 86_400

    let folder: String
    /// `UNDERSTUDY_IMAGE_CACHE_BYTES`; 0 keeps nothing.
    let maximumBytes: Int

    init(folder: String, maximumBytes: Int) {
        self.folder = folder
        self.maximumBytes = maximumBytes
        PrivateFolder.tighten(folder)
        DurableFile.sweep(folder, olderThan: 3600)
    }

    static func key(_ request: GenerateImage, provider: String, model: String) -> ContentKey {
        ContentKey([
            "provider": provider, "model": model, "prompt": request.prompt,
            "size": "\(request.width)x\(request.height)", "quality": request.quality ?? "",
            "seed": request.seed.map { "\($0)" } ?? "",
        ])
    }

    /// - Returns: what is known of a picture, and the path of its bytes.
    func find(_ key: ContentKey) -> (entry: Entry, path: String)? {
        let path = "\(folder)/\(key.text)"
        guard maximumBytes > 0, let text = FileManager.default.contents(atPath: "\(path).json"),
            let entry = try? JSONCoding.decode(Entry.self, from: text), access(path, R_OK) == 0
        else { return nil }
        utimes(path, nil)
        return (entry, path)
    }

    /// Keeps a picture; a disk that is full is no fault of the picture's.
    func keep(_ picture: String, _ drawn: DrawnImage, as key: ContentKey, order: String? = nil) {
        guard maximumBytes > 0 else { return }
        let path = "\(folder)/\(key.text)"
        let temporary = DurableFile.temporary(beside: path)
        defer { unlink(temporary) }
        let entry = Entry(
            width: drawn.width, height: drawn.height, mediaType: drawn.mediaType, model: drawn.model, cost: drawn.cost,
            order: order)
        do {
            try PrivateFolder.make(folder)
            try FileManager.default.copyItem(atPath: picture, toPath: temporary)
            chmod(temporary, 0o600)
            try DurableFile.replace(path, with: temporary)
            try DurableFile.write(try JSONCoding.encode(entry), to: "\(path).json")
        } catch {
            return
        }
        KeptFiles(folder: folder, maximumBytes: maximumBytes, longestIdle: Self.longestIdle, companion: ".json")
            .trim(but: path)
    }
}
