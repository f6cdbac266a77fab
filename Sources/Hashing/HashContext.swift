// SPDX-License-Identifier: Apache-2.0

import CCrypto

/// Owns one running hash computation of libcrypto.
///
/// libcrypto is loaded anyway, by libcurl. swift-crypto brings BoringSSL instead, which was a fifth of the whole build's processor time.
struct HashContext: ~Copyable {
    private let context: OpaquePointer?
    private var hasFailed: Bool

    /// - Parameter function: such as `EVP_sha256()`.
    init(_ function: OpaquePointer?) {
        context = EVP_MD_CTX_new()
        hasFailed = EVP_DigestInit_ex(context, function, nil) != 1
    }

    deinit { EVP_MD_CTX_free(context) }

    mutating func update(_ bytes: UnsafeRawBufferPointer) {
        if EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) != 1 { hasFailed = true }
    }

    /// - Returns: `nil` if there was no memory, or if this machine's policy forbids the hash function.
    consuming func finalize() -> Digest? {
        var bytes = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var count: UInt32 = 0
        guard !hasFailed, EVP_DigestFinal_ex(context, &bytes, &count) == 1 else { return nil }
        return Digest(Array(bytes.prefix(Int(count))))
    }
}
