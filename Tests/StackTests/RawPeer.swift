// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A TCP connection to the loopback interface whose every byte the test decides.
///
/// One thread reads; another one may send at the same time.
final class RawPeer: @unchecked Sendable {
    private let descriptor: Int32
    /// Whether a read has reached the end of the connection.
    private(set) var hasEnded = false

    /// - Parameters:
    ///   - receiveBuffer: Bytes that the kernel buffers for a peer that does not read.
    ///   - seconds: The time without a byte after which a read or a send ends.
    init(port: UInt16, receiveBuffer: Int32? = nil, timeout seconds: Int = 20) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var receiveBuffer {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &receiveBuffer, socklen_t(MemoryLayout<Int32>.size))
        }
        var timeout = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        _ = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// - Returns: `false` if the other side has ended the connection, or takes no byte within the timeout.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The next bytes, at least one; empty at the end, or after the timeout.
    func read(atMost count: Int = 65_536) -> [UInt8] {
        var part = [UInt8](repeating: 0, count: count)
        let received = recv(descriptor, &part, count, 0)
        hasEnded = received == 0 || (received < 0 && errno == ECONNRESET)
        return Array(part[..<max(received, 0)])
    }

    /// The next `count` bytes; fewer at the end.
    func read(exactly count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let part = read(atMost: count - all.count)
            if part.isEmpty { break }
            all += part
        }
        return all
    }

    /// The header of an HTTP response, and nothing of its body.
    func readHeader() -> String {
        var all: [UInt8] = []
        while all.suffix(4) != [13, 10, 13, 10] {
            let byte = read(atMost: 1)
            if byte.isEmpty { break }
            all += byte
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// All bytes until the other side closes the connection.
    func readAll() -> String {
        var all: [UInt8] = []
        while case let part = read(), !part.isEmpty { all += part }
        return String(decoding: all, as: UTF8.self)
    }
}
