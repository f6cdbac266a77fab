import Glibc

/// A dump of this process's memory would hold its keys: none is written, unless `UNDERSTUDY_CORE_DUMPS=1` asks for them.
enum CoreDumps {
    static func forbid(_ settings: ServiceSettings) {
        guard settings.string("UNDERSTUDY_CORE_DUMPS") != "1" else { return }
        // One byte: too little for a file, and the one value at which the kernel starts no program to take the dump.
        var limit = rlimit(rlim_cur: 1, rlim_max: 1)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }
}
