import Foundation
import Glibc

/// A TCP connection whose every byte a test decides. One thread reads; another one may send meanwhile.
final class RawPeer: @unchecked Sendable {
    private let descriptor: Int32
    /// Whether the other side has ended the connection, as far as was read.
    private(set) var hasEnded = false

    /// - Parameters:
    ///   - window: bytes that the system takes in for a peer that does not read.
    ///   - patience: seconds without a byte after which reading or sending ends.
    init(port: UInt16, window: Int32? = nil, patience seconds: Int = 20) {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        if var window {
            setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size))
        }
        var patience = timeval(tv_sec: seconds, tv_usec: 0)
        setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        _ = Self.withAddress(port: port) { connect(descriptor, $0, $1) }
    }

    deinit { close(descriptor) }

    func send(_ text: String) { send(Array(text.utf8)) }

    /// - Returns: false where the other side has ended the connection.
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

    /// What comes next, one byte or more; empty at the end, or after twenty seconds without any.
    func read(atMost count: Int = 65_536) -> [UInt8] {
        var part = [UInt8](repeating: 0, count: count)
        let got = recv(descriptor, &part, count, 0)
        hasEnded = got == 0 || (got < 0 && errno == ECONNRESET)
        return Array(part[..<max(got, 0)])
    }

    /// Exactly so many bytes; fewer at the end.
    func read(exactly count: Int) -> [UInt8] {
        var all: [UInt8] = []
        while all.count < count {
            let part = read(atMost: count - all.count)
            if part.isEmpty { break }
            all += part
        }
        return all
    }

    /// The header of an answer, and nothing of what follows.
    func readHeader() -> String {
        var all: [UInt8] = []
        while all.suffix(4) != [13, 10, 13, 10] {
            let byte = read(atMost: 1)
            if byte.isEmpty { break }
            all += byte
        }
        return String(decoding: all, as: UTF8.self)
    }

    /// All that comes until the other side closes.
    func readAll() -> String {
        var all: [UInt8] = []
        while true {
            let part = read()
            guard !part.isEmpty else { return String(decoding: all, as: UTF8.self) }
            all += part
        }
    }

    /// A port that nobody has at this moment.
    static func freePort() -> UInt16 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        _ = withAddress(port: 0) { bind(descriptor, $0, $1) }
        var address = sockaddr_in()
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        _ = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { getsockname(descriptor, $0, &length) }
        }
        return UInt16(bigEndian: address.sin_port)
    }

    private static func withAddress<R>(port: UInt16, _ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
