# SPDX-License-Identifier: Apache-2.0
"""PNG images for stand-ins, made with the standard library only."""

import os
import struct
import zlib


def png(width, height, noise=0):
    """Returns a PNG image of a gradient.

    noise: the number of incompressible bytes in a chunk before the pixels.
    """
    row = b"\0" + bytes((x * 255 // width, 80, 120)[c] for x in range(width) for c in range(3))
    data = zlib.compress(row * height, 1)

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    extra = chunk(b"noIs", os.urandom(noise)) if noise else b""
    return b"\x89PNG\r\n\x1a\n" + head + extra + chunk(b"IDAT", data) + chunk(b"IEND", b"")
