// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How much freed memory the process retains.
enum FreedMemory {
    /// Retains up to 4 MiB of freed memory instead of 128 KiB, since messages of 64 KiB would otherwise cost a page fault for each page.
    ///
    /// The allocator retains twice the size of the largest block that it has mapped and unmapped, see `M_MMAP_THRESHOLD` of mallopt(3).
    /// Calling `mallopt` instead would keep it from adapting to larger blocks, such as pictures.
    static func retain() {
        let block = UnsafeMutableRawPointer.allocate(byteCount: 2 << 20, alignment: 16)
        // Keeps the compiler from removing both calls.
        explicit_bzero(block, 1)
        block.deallocate()
    }
}
