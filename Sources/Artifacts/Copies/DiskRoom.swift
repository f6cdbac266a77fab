import Glibc

/// What is left on the file system of a folder.
enum DiskRoom {
    /// Whether there is room for so many bytes; also where a file system does not report it.
    static func has(_ bytes: Int, in folder: String) -> Bool {
        guard bytes > 0 else { return true }
        var system = statvfs()
        guard statvfs(folder, &system) == 0, system.f_blocks > 0 else { return true }
        let (free, isHuge) = UInt64(system.f_bavail).multipliedReportingOverflow(by: UInt64(system.f_frsize))
        return isHuge || free >= UInt64(bytes)
    }
}
