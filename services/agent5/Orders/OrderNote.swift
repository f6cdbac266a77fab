import Artifacts
import FoundationEssentials
import Glibc
import JSONRPC

/// The provider's id of one order, on disk while the order is under way: a process that ends with it is followed by one that
/// waits for the same work instead of ordering it again.
struct OrderNote: Sendable {
    private struct Entry: Codable {
        var id: String
    }

    private let path: String
    /// A value for the header `Idempotency-Key`: another call of the lead wants a clip of its own.
    let headerKey: String

    /// - Parameters:
    ///   - folder: exists, and is shared by the replicas of this machine.
    ///   - key: of the job and all that makes the clip what it is.
    ///   - call: names the call of the lead.
    init(folder: String, key: ContentKey, call: String) {
        path = "\(folder)/\(key.text).order"
        headerKey = String(ContentKey(["order": key.text, "call": call]).text.prefix(32))
    }

    /// The id of the work, if it was ordered before.
    var known: String? {
        let entry = FileManager.default.contents(atPath: path).flatMap { try? JSONCoding.decode(Entry.self, from: $0) }
        // Only what can be a part of a URL; anything else was not written here.
        guard let id = entry?.id, !id.isEmpty, id.utf8.count <= 128,
            id.utf8.allSatisfy({
                (0x30...0x39).contains($0) || (0x61...0x7A).contains($0 | 0x20) || $0 == 0x2D || $0 == 0x5F
            })
        else { return nil }
        return id
    }

    /// Remembers the order. An order that cannot be noted is only not found again after a restart.
    func keep(_ id: String) {
        guard let text = try? JSONCoding.encode(Entry(id: id)) else { return }
        try? DurableFile.write(text, to: path)
    }

    /// The order is over.
    func forget() { unlink(path) }
}
