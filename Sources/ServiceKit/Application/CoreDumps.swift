// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Controls core dumps, which would contain the process's keys.
enum CoreDumps {
    /// Disables core dumps unless `UNDERSTUDY_CORE_DUMPS=1` is set.
    static func disable(_ settings: ServiceSettings) {
        guard settings.string("UNDERSTUDY_CORE_DUMPS") != "1" else { return }
        // One byte is too little for a file, and the only limit at which the kernel does not start a core dump handler either.
        var limit = rlimit(rlim_cur: 1, rlim_max: 1)
        setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    }
}
