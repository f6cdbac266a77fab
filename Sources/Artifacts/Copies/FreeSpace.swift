// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The free space of file systems.
enum FreeSpace {
    /// Whether the file system of a folder has `bytes` of free space. `true` if it does not report its free space.
    static func has(_ bytes: Int, in folder: String) -> Bool {
        guard bytes > 0 else { return true }
        var system = statvfs()
        guard statvfs(folder, &system) == 0, system.f_blocks > 0 else { return true }
        let (free, isHuge) = UInt64(system.f_bavail).multipliedReportingOverflow(by: UInt64(system.f_frsize))
        return isHuge || free >= UInt64(bytes)
    }
}
