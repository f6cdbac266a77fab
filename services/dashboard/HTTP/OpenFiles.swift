import Glibc

/// How many files and connections this process may have open.
enum OpenFiles {
    /// Beside connections of browsers: files that go out, sockets of services.
    private static let others = 512

    /// Asks the system for as many as a number of connections takes. -> how many connections there can be.
    static func make(roomFor connections: Int) -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return connections }
        // Each may have a file that goes out.
        let wanted = rlim_t(2 * connections + others)
        if limit.rlim_cur < wanted {
            limit.rlim_cur = min(wanted, limit.rlim_max)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        }
        return min(connections, max((Int(limit.rlim_cur) - others) / 2, 16))
    }
}
