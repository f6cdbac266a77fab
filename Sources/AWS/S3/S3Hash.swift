import Crypto
import FoundationEssentials

/// The SHA-256 of an object, by this project's own account: stored as metadata of the object, so that its bytes can be verified
/// whatever the store makes of checksums and tags.
///
/// `<hex digits>` for an object that travelled in one piece; `<hex digits>-<bytes>` for a large one: the SHA-256 of the SHA-256 of each
/// piece of so many bytes, one after the other.
struct S3Hash: Sendable, Equatable {
    static let header = "x-amz-meta-understudy-sha256"

    /// In hexadecimal digits.
    let digits: String
    /// Bytes of the pieces; `nil` for a hash of all bytes at once.
    let step: Int?

    init(_ digest: SHA256.Digest) {
        digits = Hex.text(digest)
        step = nil
    }

    init(pieces: [SHA256.Digest], step: Int) {
        digits = Hex.text(Self.combined(pieces))
        self.step = step
    }

    /// - Returns: `nil` for what is not such a text.
    init?(_ text: String) {
        let words = text.split(separator: "-", omittingEmptySubsequences: false)
        guard let first = words.first, first.utf8.count == 64,
            first.utf8.allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        digits = String(first)
        switch words.count {
        case 1: step = nil
        case 2:
            guard let bytes = Int(words[1]), bytes >= Self.smallestStep else { return nil }
            step = bytes
        default: return nil
        }
    }

    var text: String { step.map { "\(digits)-\($0)" } ?? digits }

    /// What a foreign object may ask for at the least, so that its pieces are not too many.
    private static let smallestStep = 64 * 1024

    /// The SHA-256 of digests.
    static func combined(_ digests: [SHA256.Digest]) -> SHA256.Digest {
        var hash = SHA256()
        for digest in digests { digest.withUnsafeBytes { hash.update(bufferPointer: $0) } }
        return hash.finalize()
    }
}
