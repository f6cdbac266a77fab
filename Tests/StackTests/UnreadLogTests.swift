// SPDX-License-Identifier: Apache-2.0

import Calls
import Foundation
import Glibc
import JSONRPC
import ServiceKit
import ServicePool
import TestSupport
import Testing

/// Logs that no process reads.
@Suite(.serialized, .timeLimit(.minutes(3))) struct UnreadLogTests {
    @Test
    func `an unread log pipe blocks no call, and dropped log lines are counted`() async throws {
        let stack = try LiveStack.prepare(["UNDERSTUDY_INSTANCE": "one"])
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let fifo = "\(stack.folder)/log"
        try #require(mkfifo(fifo, 0o600) == 0)
        // Opened for both ends, so that the pipe never reaches its end.
        let reader = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        let program = try await Program(
            "/bin/sh", ["-c", "exec \"$0\" 2>\"$1\"", "\(Program.folder)/logger", fifo], environment: stack.environment)
        let socket = try stack.runDirectory.socketPath(service: "logger", instance: "one")
        let connection = try await RPCConnection.connect(to: socket, timeout: .seconds(20))
        let peer = try #require(UnixPeer(socket))
        let call = #"{"jsonrpc":"2.0","id":1,"method":"logger.tail","params":{"limit":"many"}}"#
        let batch = "[" + Array(repeating: call, count: 1000).joined(separator: ",") + "]\n"
        for _ in 0..<12 {
            peer.send(batch)
            let replies = try #require(peer.line())
            #expect(replies.components(separatedBy: "-32602").count == 1001)
        }
        let health = try await connection.call(ServiceHealth.method, NoParams(), timeout: .seconds(20))
        #expect(health.status == .serving)
        let stats = try await connection.call(ServiceStats.method, NoParams(), timeout: .seconds(20))
        let log = Task.detached { Self.read(reader, until: "log lines were dropped") }
        let text = await log.value
        kill(pid_t(health.pid ?? 0), SIGTERM)
        let rest = Task.detached { Self.read(reader, until: "stopped") }
        _ = await rest.value
        #expect(await program.waitUntilExit().status == 0)
        let lines = text.split(separator: "\n")
        #expect(lines.count > 10)
        for line in lines {
            #expect(line.utf8.count <= 8192)
            #expect(
                !line.unicodeScalars.contains {
                    $0.value < 0x20 || (0x7F...0x9F).contains($0.value) || $0 == "\u{202E}"
                })
        }
        #expect((stats.droppedLogLines ?? 0) > 0)
    }

    @Test
    func `a stack with unread output can be stopped`() async throws {
        let stack = try LiveStack.prepare()
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        let fifo = "\(stack.folder)/log"
        try #require(mkfifo(fifo, 0o600) == 0)
        let reader = open(fifo, O_RDWR | O_NONBLOCK | O_CLOEXEC)
        defer { close(reader) }
        // The pipe is full before the first line.
        let block = [UInt8](repeating: 0x20, count: 65_536)
        while block.withUnsafeBytes({ Glibc.write(reader, $0.baseAddress, $0.count) }) > 0 {}
        let up = try await Program(
            "/bin/sh", ["-c", "exec \"$0\" up >\"$1\" 2>&1", "\(Program.folder)/understudy", fifo],
            environment: stack.environment)
        let socket = try stack.runDirectory.socketPath(service: "orchestrator", instance: "orchestrator-1")
        let connection = try await RPCConnection.connect(to: socket, timeout: .seconds(30))
        #expect(try await connection.call(ServiceHealth.method, NoParams()).status == .serving)
        up.signal(SIGTERM)
        #expect(await up.waitUntilExit().status == 0)
        #expect(stack.runDirectory.instances(of: "orchestrator").isEmpty)
    }

    /// Reads a pipe up to a line that contains a text, until no byte comes for ten seconds, or for a minute.
    private static func read(_ descriptor: Int32, until marker: String) -> String {
        var all: [UInt8] = []
        var part = [UInt8](repeating: 0, count: 65_536)
        let end = ContinuousClock.now + .seconds(60)
        while ContinuousClock.now < end {
            var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            guard poll(&wait, 1, 10_000) > 0 else { break }
            let count = Glibc.read(descriptor, &part, part.count)
            guard count > 0 else { break }
            all += part[..<count]
            let text = String(decoding: all.suffix(20_000), as: UTF8.self)
            if text.contains(marker), all.last == 10 { break }
        }
        return String(decoding: all, as: UTF8.self)
    }
}
