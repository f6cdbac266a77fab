import Crypto

/// A file that is stored in parts.
struct LargeUpload: Sendable {
    let path: String
    let size: Int
    let object: S3Location
    let mediaType: String

    struct Part: Sendable {
        let tag: S3Tag
        let digest: SHA256.Digest
    }

    /// How the object's bytes can be verified later.
    enum Seal: Sendable {
        /// By the store's checksums of the parts.
        case checksums
        /// By this project's own hash, stored with the object.
        case hash(S3Hash)
        /// Not at all: the store takes neither.
        case none

        var hasChecksums: Bool { if case .checksums = self { true } else { false } }
    }
}
