// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Notifies systemd of the state of this process, by the protocol of sd_notify(3). Without the variable `NOTIFY_SOCKET` it does nothing.
struct SystemdNotifier: Sendable {
    /// The path of the socket; an abstract name begins with `@`.
    private let path: String?
    /// The watchdog's timeout: the longest time between two notifications `WATCHDOG=1`; absent without a watchdog.
    let watchdog: Duration?

    init(environment: [String: String]) {
        let path = environment["NOTIFY_SOCKET"] ?? ""
        let isUsable = (path.hasPrefix("/") || path.hasPrefix("@")) && (2...107).contains(path.utf8.count)
        self.path = isUsable ? path : nil
        // A child of the process that is watched has its variables too.
        let isWatched = environment["WATCHDOG_PID"].map { $0 == "\(getpid())" } ?? true
        watchdog = isWatched && isUsable ? environment["WATCHDOG_USEC"].flatMap(Self.microseconds) : nil
    }

    /// Whether there is a socket to notify.
    var isActive: Bool { path != nil }

    /// Sends assignments such as `READY=1`. Never waits; what systemd does not read is lost.
    func notify(_ assignments: [String]) {
        guard let path else { return }
        let descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        var name = Array(path.utf8)
        if name.first == UInt8(ascii: "@") { name[0] = 0 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let text = Array(assignments.joined(separator: "\n").utf8)
        withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = sendto(descriptor, text, text.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT), $0, length)
            }
        }
    }

    private static func microseconds(_ text: String) -> Duration? {
        // trusted: at most a day
        Int64(text).flatMap { (1_000...86_400_000_000).contains($0) ? .microseconds($0) : nil }
    }
}
