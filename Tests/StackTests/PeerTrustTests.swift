// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import ServicePool
import TestSupport
import Testing

/// Run directories and sockets of other users.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PeerTrustTests {
    private static let stranger: UInt32 = 54_321

    /// Starts a logger, runs `body`, and stops the logger.
    ///
    /// - Parameters:
    ///   - launcher: The command before the executable.
    ///   - extra: Variables of the logger.
    private func with(
        _ launcher: [String], _ extra: [String: String] = [:], _ body: (LiveStack) async throws -> Void
    ) async throws {
        let stack = try LiveStack.prepare(extra)
        defer { try? FileManager.default.removeItem(atPath: stack.folder) }
        chmod(stack.folder, 0o1777)
        var environment = stack.environment
        environment["UNDERSTUDY_INSTANCE"] = "one"
        let commandLine = launcher + ["\(Program.folder)/logger"]
        let program = try await Program(commandLine[0], Array(commandLine.dropFirst()), environment: environment)
        let socket = try stack.runDirectory.socketPath(service: "logger", instance: "one")
        do {
            try await until("the logger listens") { access(socket, F_OK) == 0 }
            try await body(stack)
        } catch {
            program.signal(SIGKILL)
            throw error
        }
        program.signal(SIGTERM)
        _ = await program.waitUntilExit()
    }

    private func call(_ stack: LiveStack, _ extra: [String: String] = [:]) async throws -> Program.Exit {
        try await Program.run(
            "understudy", ["call", "logger", "rpc.health"],
            environment: stack.environment.merging(extra) { _, own in own })
    }

    @Test(.enabled(if: getuid() == 0))
    func `a client does not call a service of another user, unless its group is allowed`() async throws {
        let launcher = ["/usr/bin/setpriv", "--reuid=\(Self.stranger)", "--regid=\(Self.stranger)", "--clear-groups"]
        try await with(launcher, ["UNDERSTUDY_ALLOW_GIDS": "\(getgid())"]) { stack in
            let refused = try await call(stack, ["UNDERSTUDY_ALLOW_GIDS": ""])
            #expect(refused.status == 1)
            #expect(refused.errors.contains("belongs to user \(Self.stranger)"), "\(refused.errors)")
            #expect(refused.errors.contains("UNDERSTUDY_ALLOW_GIDS"))
            let allowed = try await call(stack, ["UNDERSTUDY_ALLOW_GIDS": "\(Self.stranger)"])
            #expect(allowed.status == 0 && allowed.output.contains("serving"), "\(allowed.errors)")
            // A folder of the client's user, with a socket that the other user serves.
            chown(stack.runDirectory.path, getuid(), getgid())
            chown(stack.runDirectory.folder(of: "logger"), getuid(), getgid())
            lchown(try stack.runDirectory.socketPath(service: "logger", instance: "one"), getuid(), getgid())
            let served = try await call(stack, ["UNDERSTUDY_ALLOW_GIDS": ""])
            #expect(served.status == 1)
            #expect(served.errors.contains("is served by user \(Self.stranger)"), "\(served.errors)")
        }
    }

    @Test
    func `clients and services reject a run directory that is a link or writable for every user`() async throws {
        try await with([]) { stack in
            #expect(try await call(stack).status == 0)
            let link = "\(stack.folder)/link"
            symlink(stack.runDirectory.path, link)
            let linked = try await call(stack, ["UNDERSTUDY_RUN_DIR": link])
            #expect(linked.status == 1 && linked.errors.contains("is a symbolic link"), "\(linked.errors)")
            for path in [stack.runDirectory.path, stack.runDirectory.folder(of: "logger")] {
                chmod(path, 0o777)
                let open = try await call(stack)
                #expect(open.status == 1 && open.errors.contains("every user may write to \(path)"), "\(open.errors)")
                var environment = stack.environment
                environment["UNDERSTUDY_INSTANCE"] = "two"
                let service = try await Program.run("logger", environment: environment)
                #expect(service.status == 1 && service.errors.contains("every user may write to"), "\(service.errors)")
                chmod(path, 0o770)
            }
            #expect(try await call(stack).status == 0)
        }
    }
}
