// SPDX-License-Identifier: Apache-2.0

import CCrypto
package import FoundationEssentials

/// HMAC with SHA-256 (RFC 2104).
package enum HMAC {
    /// - Returns: 32 bytes that authenticate the message to everyone who knows the key.
    package static func sha256(_ message: some ContiguousBytes, key: some ContiguousBytes) -> Digest {
        var bytes = [UInt8](repeating: 0, count: 32)
        let result = key.withUnsafeBytes { key in
            message.withUnsafeBytes { message in
                ccrypto_hmac_sha256(
                    key.baseAddress, key.count, message.baseAddress, message.count, &bytes)
            }
        }
        ccrypto_require(result)
        return Digest(bytes)
    }
}
