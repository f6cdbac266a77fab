// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// A connection to a Unix domain socket whose every byte the test decides.
package final class UnixPeer: Sendable {
    private let descriptor: Int32
    /// Bytes that were received after the last line.
    private let rest = Mutex<[UInt8]>([])

    /// - Parameters:
    ///   - path: The path of the socket, or the name of an abstract socket, which begins with a zero byte.
    ///   - seconds: The time without a byte after which a read or a send ends.
    /// - Returns: `nil` if no process listens.
    package init?(_ path: String, timeout seconds: Int = 60) {
        descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &timeout, socklen_t(MemoryLayout<timeval>.size))
        }
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let name = Array(path.utf8.prefix(107))
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
        let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, length) == 0
            }
        }
        guard isConnected else {
            close(descriptor)
            return nil
        }
    }

    deinit { close(descriptor) }

    /// - Returns: `false` if the other side takes no more bytes.
    @discardableResult
    package func send(_ text: String) -> Bool { send(bytes: Array(text.utf8)[...]) }

    /// - Returns: `false` if the other side takes no more bytes.
    @discardableResult
    package func send(bytes: ArraySlice<UInt8>) -> Bool {
        var bytes = bytes
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            bytes = bytes.dropFirst(count)
        }
        return true
    }

    /// Returns when the other side has read all that was sent, and gives up after a minute.
    package func waitUntilRead() async throws {
        try await until("the peer has read what was sent") {
            var unread: CInt = 0
            // For a Unix socket SIOCOUTQ is the memory of what the peer has not read.
            return ioctl(descriptor, UInt(TIOCOUTQ), &unread) == 0 && unread == 0
        }
    }

    /// Ends the sending half of the connection.
    package func endInput() { shutdown(descriptor, Int32(SHUT_WR)) }

    /// The next line without its line end; `nil` at the end of the connection, or after the timeout.
    package func line() -> String? {
        rest.withLock { rest in
            var part = [UInt8](repeating: 0, count: 1 << 16)
            var searched = 0
            while true {
                if let end = rest[searched...].firstIndex(of: 10) {
                    defer { rest.removeSubrange(...end) }
                    return String(decoding: rest[..<end], as: UTF8.self)
                }
                searched = rest.count
                let count = recv(descriptor, &part, part.count, 0)
                guard count > 0 else { return nil }
                rest += part[..<count]
            }
        }
    }

    /// The next line, as by `line()`, read by a thread of its own: a test that runs beside others must not block a thread of Swift
    /// concurrency, of which there is one for each core.
    package func nextLine() async -> String? {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: self.line()) }
        }
    }
}
