// SPDX-License-Identifier: Apache-2.0

#pragma once
#include <zlib.h>

/// As deflateInit2, which is a macro.
static inline int czlib_begin(z_stream *stream, int level, int window) {
    return deflateInit2(stream, level, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY);
}
