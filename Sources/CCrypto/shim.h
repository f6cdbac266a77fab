// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <limits.h>
#include <stdlib.h>

/// Ends the process unless libcrypto did its work. SHA-256 fails only for lack of memory, for which Swift ends the process too.
static inline void ccrypto_require(int succeeded) {
    if (!succeeded) abort();
}

/// HMAC-SHA-256, 32 bytes. An empty key gets an address of its own, since HMAC() with none would use the key of an earlier call.
static inline int ccrypto_hmac_sha256(
    const void *key, size_t key_size, const void *message, size_t size, unsigned char *digest) {
    if (key_size > INT_MAX) return 0;
    return HMAC(EVP_sha256(), key ? key : "", (int)key_size, (const unsigned char *)message, size, digest, 0) != 0;
}
