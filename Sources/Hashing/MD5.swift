// SPDX-License-Identifier: Apache-2.0

import CCrypto
package import FoundationEssentials

/// MD5, for protocols that ask for it; it protects against accidents alone.
package struct MD5: ~Copyable {
    /// Bytes of a digest.
    package static let size = 16

    private var context = HashContext(EVP_md5())

    /// A hash of no bytes yet.
    package init() {}

    /// Appends bytes to what is hashed.
    package mutating func update(_ data: some ContiguousBytes) {
        data.withUnsafeBytes { context.update($0) }
    }

    /// - Returns: 16 bytes; `nil` if this machine's policy forbids MD5 (FIPS mode).
    package consuming func finalize() -> Digest? { context.finalize() }
}
