// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Hashing

/// The SHA-256 of an object in its metadata, with which its bytes can be verified even if the store supports neither checksums nor reliable
/// ETags.
///
/// `<hex digits>` for an object that was uploaded in one piece. `<hex digits>-<bytes>` for a multipart upload: the SHA-256 of the
/// concatenated SHA-256 digests of its pieces, each of `<bytes>` bytes.
struct S3Hash: Sendable, Equatable {
    /// The header of the metadata.
    static let header = "x-amz-meta-understudy-sha256"

    /// The digest in hexadecimal digits.
    let digits: String
    /// Size of the pieces in bytes; `nil` for a hash of the whole object.
    let step: Int?

    init(_ digest: Hashing.Digest) {
        digits = digest.hexadecimal
        step = nil
    }

    init(pieces: [Hashing.Digest], step: Int) {
        digits = Self.combined(pieces).hexadecimal
        self.step = step
    }

    /// Parses the value of the metadata.
    ///
    /// - Returns: `nil` if the text is malformed.
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

    /// The value of the metadata.
    var text: String { step.map { "\(digits)-\($0)" } ?? digits }

    /// Smallest accepted piece size in bytes, which bounds the number of pieces.
    private static let smallestStep = 64 * 1024

    /// The SHA-256 of the concatenated digests.
    static func combined(_ digests: [Hashing.Digest]) -> Hashing.Digest {
        var hash = SHA256()
        for digest in digests { hash.update(digest.bytes) }
        return hash.finalize()
    }
}
