// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc

/// A TCP port of the loopback interface that the kernel gives to no other process while the value lives.
///
/// The value holds a socket that is bound to the port and does not listen. A server that sets `SO_REUSEADDR`, as the dashboard does, can
/// listen on the port, end, and listen again. Use it only where a server must have the same port again; otherwise bind port 0.
final class ReservedPort: Sendable {
    let number: UInt16
    private let descriptor: Int32

    /// - Throws: `internal` if no port can be bound.
    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var reuse: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 ? getsockname(descriptor, $0, &length) : -1
            }
        }
        self.descriptor = descriptor
        number = UInt16(bigEndian: address.sin_port)
        guard status == 0 else { throw ServiceError(.internal, "cannot bind a port: error \(errno)") }
    }

    deinit { close(descriptor) }
}
