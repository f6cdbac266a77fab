// SPDX-License-Identifier: Apache-2.0

import CCrypto
package import FoundationEssentials

/// SHA-256, of bytes at once or piece by piece.
///
/// ```swift
/// var hash = SHA256()
/// hash.update(header)
/// hash.update(body)
/// let name = hash.finalize().hexadecimal
/// ```
package struct SHA256: ~Copyable {
    private var context = HashContext(EVP_sha256())

    /// A hash of no bytes yet.
    package init() {}

    /// Appends bytes to what is hashed.
    package mutating func update(_ data: some ContiguousBytes) {
        data.withUnsafeBytes { context.update($0) }
    }

    /// - Returns: 32 bytes.
    package consuming func finalize() -> Digest {
        let digest = context.finalize()
        ccrypto_require(digest == nil ? 0 : 1)
        return digest ?? Digest([])
    }

    /// - Returns: The digest of all bytes at once.
    package static func hash(_ data: some ContiguousBytes) -> Digest {
        var hash = SHA256()
        hash.update(data)
        return hash.finalize()
    }
}
