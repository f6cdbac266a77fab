// SPDX-License-Identifier: Apache-2.0

import Hashing

/// A file that is uploaded in parts.
struct MultipartUpload: Sendable {
    let path: String
    /// Size of the file in bytes.
    let size: Int
    let object: S3Location
    let mediaType: String

    /// An uploaded part.
    struct Part: Sendable {
        let eTag: ETag
        let digest: Hashing.Digest
    }

    /// How the object's integrity can be verified later.
    enum Integrity: Sendable {
        /// By the store's checksums of the parts.
        case checksums
        /// By the hash in the object's metadata.
        case hash(S3Hash)
        /// Not at all: the store supports neither checksums nor metadata.
        case none

        var hasChecksums: Bool { if case .checksums = self { true } else { false } }
    }
}
