// SPDX-License-Identifier: Apache-2.0

import Foundation
import ServicePool
import TestSupport
import Testing

/// The notifications that services send to systemd; the test receives them instead.
@Suite(.serialized, .timeLimit(.minutes(2))) struct SystemdNotificationTests {
    /// A datagram socket, as that in `NOTIFY_SOCKET`.
    private final class NotifySocket {
        let path: String
        private let descriptor: Int32

        /// - Parameter path: a path, or an abstract name that begins with `@`.
        init(_ path: String) throws {
            self.path = path
            descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
            var timeout = timeval(tv_sec: 60, tv_usec: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
            var address = sockaddr_un()
            address.sun_family = sa_family_t(AF_UNIX)
            var name = Array(path.utf8)
            if path.hasPrefix("@") { name[0] = 0 }
            withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
            let length = socklen_t(MemoryLayout<sa_family_t>.size + name.count)
            let isBound = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) == 0 }
            }
            try #require(isBound)
        }

        deinit { close(descriptor) }

        /// The assignments of the next notification; `nil` after a minute without one.
        func next() -> [String]? {
            var bytes = [UInt8](repeating: 0, count: 4096)
            let count = recv(descriptor, &bytes, bytes.count, 0)
            guard count > 0 else { return nil }
            return String(decoding: bytes[..<count], as: UTF8.self).components(separatedBy: "\n")
        }

        /// The next notification with an assignment.
        func next(with assignment: String) -> [String]? {
            while let found = next() {
                if found.contains(where: { $0.hasPrefix(assignment) }) { return found }
            }
            return nil
        }
    }

    @Test(arguments: ["/notify", "@"])
    func `a service is ready when its socket is published, feeds the watchdog and reports that it stops`(
        _ place: String
    ) async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let socket = try NotifySocket(place == "@" ? "@\(stack.folder)" : stack.folder + place)
        let service = try await Program(
            "logger",
            environment: stack.environment.merging(["NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "300000"]) { $1 })
        let ready = try #require(socket.next())
        #expect(ready == ["READY=1", "STATUS=0 of 64 calls in flight"])
        #expect(stack.runDirectory.instances(of: "logger") == ["one"])
        for _ in 0..<3 { #expect(socket.next(with: "WATCHDOG=1")?.contains { $0.hasPrefix("STATUS=") } == true) }
        service.signal(SIGTERM)
        #expect(socket.next(with: "STOPPING=1") != nil)
        #expect(await service.waitUntilExit().status == 0)
    }

    @Test
    func `the orchestrator's status counts its jobs and names open breakers, and another process has no watchdog`()
        async throws
    {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let socket = try NotifySocket("\(stack.folder)/notify")
        let service = try await Program(
            "orchestrator",
            environment: stack.environment.merging([
                "NOTIFY_SOCKET": socket.path, "WATCHDOG_USEC": "300000", "WATCHDOG_PID": "1",
            ]) { $1 })
        #expect(
            socket.next()?.last?.hasPrefix("STATUS=0 jobs running, 0 waiting, 0 of ") == true)
        let opened = try await stack.understudy("breaker", "agent5", "open")
        #expect(opened.status == 0, "\(opened.errors)")
        let status = try #require(socket.next(with: "STATUS=0 jobs running, 0 waiting, agent5's breaker open"))
        #expect(!status.contains("WATCHDOG=1"))
        service.signal(SIGTERM)
        _ = await service.waitUntilExit()
    }
}
