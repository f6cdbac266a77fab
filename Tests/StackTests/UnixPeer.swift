import Foundation
import Glibc
import Synchronization

/// A connection to a Unix domain socket whose every byte a test decides.
final class UnixPeer: Sendable {
    private let descriptor: Int32
    /// What was read and belongs to lines to come.
    private let rest = Mutex<[UInt8]>([])

    /// - Returns: `nil` where nobody listens.
    init?(_ path: String) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var patience = timeval(tv_sec: 60, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8.prefix(107))) }
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// - Returns: false where the other side takes nothing more.
    @discardableResult
    func send(_ text: String) -> Bool {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line without its end; `nil` at the end, or after a minute without one.
    func line() -> String? {
        rest.withLock { rest in
            var part = [UInt8](repeating: 0, count: 1 << 16)
            var seen = 0
            while true {
                if let end = rest[seen...].firstIndex(of: 10) {
                    defer { rest.removeSubrange(...end) }
                    return String(decoding: rest[..<end], as: UTF8.self)
                }
                seen = rest.count
                let count = recv(descriptor, &part, part.count, 0)
                guard count > 0 else { return nil }
                rest += part[..<count]
            }
        }
    }
}

/// What the kernel says of a process.
enum Vitals {
    /// Bytes of memory that it had at most.
    static func peakMemory(of pid: Int) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
        return (line.split(separator: " ").compactMap { Int($0) }.first ?? 0) * 1024
    }

    /// Seconds of processor time that it has taken.
    static func processorTime(of pid: Int) throws -> Double {
        let text = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let fields = text[(text.lastIndex(of: ")") ?? text.startIndex)...].split(separator: " ")
        let ticks = fields.dropFirst(12).prefix(2).compactMap { Double($0) }.reduce(0, +)
        return ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
